import { z } from 'zod'
import { datedReader, type ReaderSection } from '../adoption/readers/index.js'
import { PAIR_NAME } from '../envelope/binding.js'
import { FIELD_KINDS, type FieldKind } from '../envelope/field-value.js'
import { type AdoptOptions, adoptionOf } from '../postgres/adopt-options.js'
import { BOUND_TYPES, type BoundType } from '../postgres/bound-value.js'
import type { DatedReader } from '../postgres/field-adoption.js'
import type { BoundColumn, ProtectedTable } from '../postgres/protected-table.js'
import { expecting, member, strict } from './problems.js'

export interface FieldDeclaration {
  /** Its name in the table. */
  readonly column: string
  /** The logical id that stored ciphertexts are bound to. Default `<entity>.<column>`. */
  readonly id?: string
  /** Default `text`. */
  readonly kind?: FieldKind
  /** Of the column. Default `text`. */
  readonly type?: 'text' | 'bytea'
  /** The column exists and holds values that are not encrypted by waxseal. See `docs/adoption.md`. */
  readonly adopt?: AdoptDeclaration
}

/** `AdoptOptions`, whose readers may also be named, as in `{ name: 'plaintext', until: '2030-01-01' }`. */
export interface AdoptDeclaration extends Omit<AdoptOptions, 'readers'> {
  /** Who reads the values so far, each until its date. Tried in this order. */
  readonly readers: readonly (DatedReader | ReaderSection)[]
}

/** A protected table written down by hand. The decorators of `waxseal/typeorm` say the same in other words. */
export interface TableDeclaration {
  /** The logical name; see `docs/format.md`. Stored envelopes are bound to it. */
  readonly entity: string
  /** Its name in the database. */
  readonly table: string
  /** Default `public`. */
  readonly schema?: string
  /** Column to type, in the order in which the envelope is bound to them. */
  readonly primaryKey: Readonly<Record<string, BoundType>>
  /** Default true. False where the database generates the key; then a context is required. */
  readonly bindRow?: boolean
  /** Default `encryption_metadata`. */
  readonly metadata?: string
  /** The encrypted columns. */
  readonly fields: readonly FieldDeclaration[]
  /** Pair name to column: `{ tenant: { column: 'tenant_id', type: 'uuid' } }`. */
  readonly context?: Readonly<Record<string, BoundColumn>>
}

const text = z.string(expecting('text')).min(1, expecting('text that is not empty'))
const boundType = member(BOUND_TYPES)

const field = strict({
  column: text,
  id: text.optional(),
  kind: member(FIELD_KINDS).optional(),
  type: member(['text', 'bytea']).optional(),
  adopt: z.custom<AdoptDeclaration>((value) => typeof value === 'object', expecting('an object')).optional(),
})

const declaration = strict({
  entity: text,
  table: text,
  schema: text.optional(),
  primaryKey: z.record(text, boundType, expecting("the columns with their types, such as { id: 'uuid' }")),
  bindRow: z.boolean(expecting('true or false')).optional(),
  metadata: text.optional(),
  fields: z.array(field, expecting('a list of columns')).min(1, expecting('at least one column')),
  context: z
    .record(
      z.string().regex(PAIR_NAME, expecting(`pair names that match ${PAIR_NAME.source}`)),
      strict({ column: text, type: boundType }),
      expecting("pairs such as { tenant: { column: 'tenant_id', type: 'uuid' } }"),
    )
    .optional(),
})
  .refine(({ primaryKey }) => Object.keys(primaryKey).length > 0, {
    path: ['primaryKey'],
    ...expecting('at least one column'),
  })
  .refine(({ bindRow, context }) => bindRow !== false || Object.keys(context ?? {}).length > 0, {
    path: ['context'],
    ...expecting('at least one pair, since "bindRow" is false: otherwise nothing ties an envelope to its owner'),
  })
  .refine(({ fields }) => new Set(fields.map(({ column }) => column)).size === fields.length, {
    path: ['fields'],
    ...expecting('each column once'),
  })

/** Reads one declaration into the shape that the rest of the library works with. */
export const protectedTable = declaration.transform((declared): ProtectedTable => {
  const { entity, table, schema = 'public', bindRow = true, metadata = 'encryption_metadata' } = declared
  const primaryKey = Object.entries(declared.primaryKey).map(([column, type]) => ({ column, type }))
  return {
    entity,
    schema,
    table,
    primaryKey,
    row: bindRow ? primaryKey : [],
    metadata,
    fields: declared.fields.map(({ column, id = `${entity}.${column}`, kind = 'text', type = 'text', adopt }) => {
      const field = { column, id, kind, type }
      return adopt
        ? { ...field, adoption: adoptionOf(`${table}.${column}: "adopt"`, withReaders(adopt), field) }
        : field
    }),
    context: Object.entries(declared.context ?? {}).map(([name, { column, type }]) => ({ name, column, type })),
  }
})

function withReaders(adopt: AdoptDeclaration): AdoptOptions {
  if (!Array.isArray(adopt.readers)) return adopt as AdoptOptions
  return { ...adopt, readers: adopt.readers.map((each) => (isNamed(each) ? datedReader(each) : each)) }
}

const isNamed = (reader: DatedReader | ReaderSection): reader is ReaderSection => Object.hasOwn(Object(reader), 'name')
