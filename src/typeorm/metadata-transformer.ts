import type { ValueTransformer } from 'typeorm'
import { metadataToJson } from '../envelope/metadata-codec.js'
import { RefusedJsonParameter } from './refused-parameter.js'
import { isWritable, metadataOf, StoredEnvelope } from './stored-envelope.js'

/** How an entity's envelope is declared. */
export interface EnvelopeDeclaration {
  /** The logical name of the entity. */
  readonly entity: string
  /** Pair name → property path. */
  readonly context: Readonly<Record<string, string>>
  /** Property paths of the primary key in the bound order; undefined binds all of it as declared. */
  readonly row?: readonly string[]
  readonly bindRow: boolean
}

const BRAND = Symbol.for('waxseal.metadata')

/**
 * The transformer of the metadata column. Only an instance that the subscriber marked for the write under way can be
 * serialised: a stale entity saved with `listeners: false` would otherwise put back an old wrapped key.
 */
export class MetadataTransformer implements ValueTransformer {
  readonly [BRAND]: EnvelopeDeclaration

  constructor(declaration: EnvelopeDeclaration) {
    this[BRAND] = declaration
  }

  to(value: unknown): unknown {
    if (value === undefined || value === null) return value
    if (isWritable(value)) return metadataToJson(metadataOf(value))
    // Not thrown here: TypeORM 0.3 also calls this while it compares, before the subscriber puts the row's own metadata in.
    return new RefusedJsonParameter(
      `${this[BRAND].entity}: the encryption metadata is written by save() and insert() with listeners on, ` +
        'and cannot be set or searched for by hand',
    )
  }

  from(stored: unknown): StoredEnvelope | null | undefined {
    return stored === undefined || stored === null ? stored : StoredEnvelope.fromStored(stored)
  }
}

export function envelopeDeclarationOf(transformer: unknown): EnvelopeDeclaration | undefined {
  return [transformer].flat().flatMap((each) => (each as Partial<MetadataTransformer> | undefined)?.[BRAND] ?? [])[0]
}
