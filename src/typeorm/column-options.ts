import type { ColumnOptions } from 'typeorm'
import { PAIR_NAME } from '../envelope/binding.js'
import { FIELD_KINDS, type FieldKind } from '../envelope/field-value.js'
import { ConfigurationError } from '../errors.js'
import { assertKnown } from '../kms/options.js'
import type { AdoptOptions } from '../postgres/adopt-options.js'
import { FieldTransformer } from './field-transformer.js'
import { MetadataTransformer } from './metadata-transformer.js'

export interface EncryptedOptions {
  /** The kind of value. Default `text`. Part of the format: a field opens only as the kind that it was written as. */
  readonly as?: FieldKind
  /** The property holds an `EncryptedValue` and is decrypted when asked. Default false. */
  readonly lazy?: boolean
  /** The field's logical id. Default `<entity>.<property path>`; set it before renaming the property. */
  readonly id?: string
  /** The column's type. Default `text`; `bytea` takes a quarter less room. */
  readonly type?: 'text' | 'bytea'
  /** Whether the field may be null: then its type is `T | null`. Default false. */
  readonly nullable?: boolean
  /** The column's name. */
  readonly name?: string
  /** False leaves it out of what is loaded, as for any column of TypeORM. Default true. */
  readonly select?: boolean
  /** The column's comment in the database. */
  readonly comment?: string
  /** The column exists and holds values that are not encrypted by waxseal. See `docs/adoption.md`. */
  readonly adopt?: AdoptOptions
}

export interface EncryptionMetadataOptions {
  /** The logical name of the entity. Never change it: stored envelopes are bound to it. */
  readonly entity: string
  /** Pairs that envelopes are bound to, and that audit trails show: pair name → property path. */
  readonly context?: Readonly<Record<string, string>>
  /** The order in which a composite primary key is bound, as property paths. Default: the order of declaration. */
  readonly row?: readonly string[]
  /** False for a key that the database generates (serial, identity): then `context` is required. Default true. */
  readonly bindRow?: boolean
  /** The column's name. */
  readonly name?: string
  /** The column's comment in the database. */
  readonly comment?: string
}

const FIELD_OPTIONS = ['as', 'lazy', 'id', 'type', 'nullable', 'name', 'select', 'comment', 'adopt']
const METADATA_OPTIONS = ['entity', 'context', 'row', 'bindRow', 'name', 'comment']
const LOGICAL_NAME = /^[A-Za-z0-9_.-]{1,128}$/

/** Why options of TypeORM's own columns are not options of ours. */
const REFUSED: Readonly<Record<string, string>> = {
  default: 'the database would store it in plaintext',
  unique: 'equal plaintexts have different ciphertexts',
  index: 'ciphertexts cannot be searched',
  length: 'a ciphertext is longer than its plaintext; limit the length before you assign it',
  array: 'use as: "json" for a list',
  primary: 'a key cannot be encrypted',
  transformer: 'the column has its own; convert before you assign, or use as: "json"',
}

/** The column of an encrypted field, for the decorator and for `EntitySchema`. */
export function encryptedColumnOptions(label: string, options: EncryptedOptions): ColumnOptions {
  onlyKnown(`${label}: @Encrypted`, options, FIELD_OPTIONS)
  const { as = 'text', lazy = false, id, type = 'text', nullable = false, adopt, ...column } = options
  if (!FIELD_KINDS.includes(as)) throw new ConfigurationError(`${label}: "as" must be one of ${FIELD_KINDS.join(', ')}`)
  if (type !== 'text' && type !== 'bytea') throw new ConfigurationError(`${label}: "type" must be text or bytea`)
  if (id !== undefined) checkLogicalName(`${label}: "id"`, id)
  const declaration = { kind: as, lazy, ...(id !== undefined && { id }), ...(adopt && { adopt }) }
  // Beside its old column a field is null for as long as its row has no envelope.
  const isNullable = nullable || (adopt !== undefined && adopt.placement !== 'inPlace')
  return { ...column, type, nullable: isNullable, transformer: new FieldTransformer(label, declaration) }
}

/** The metadata column, for the decorator and for `EntitySchema`. */
export function encryptionMetadataColumnOptions(label: string, options: EncryptionMetadataOptions): ColumnOptions {
  onlyKnown(`${label}: @EncryptionMetadata`, options, METADATA_OPTIONS)
  const { entity, context = {}, row, bindRow = true, name = 'encryption_metadata', ...column } = options
  checkLogicalName(`${label}: "entity"`, entity)
  for (const pair of Object.keys(context)) {
    if (!PAIR_NAME.test(pair)) {
      throw new ConfigurationError(
        `${label}: a context name has a-z, 0-9 and "-" and does not start with waxseal-; found "${pair}"`,
      )
    }
  }
  if (!bindRow && Object.keys(context).length === 0) {
    throw new ConfigurationError(`${label}: with bindRow: false declare a context, such as { tenant: 'tenantId' }`)
  }
  const declaration = { entity, context, bindRow, ...(row && { row }) }
  // The default is a plain string: TypeORM compares it with what Postgres prints, and '{}'::jsonb would always differ.
  const fixed = {
    type: 'jsonb',
    nullable: false,
    default: () => "'{}'",
    transformer: new MetadataTransformer(declaration),
  }
  return { ...column, ...fixed, name } as ColumnOptions
}

function onlyKnown(where: string, options: object, known: readonly string[]): void {
  const refused = Object.keys(REFUSED).find((name) => Object.hasOwn(options, name))
  if (refused) throw new ConfigurationError(`${where}: unknown option "${refused}": ${REFUSED[refused]}`)
  assertKnown(where, options, known)
}

function checkLogicalName(where: string, name: unknown): void {
  if (typeof name !== 'string' || !LOGICAL_NAME.test(name)) {
    throw new ConfigurationError(
      `${where} must match ${LOGICAL_NAME.source}; it is stored with the data, so fix it for good`,
    )
  }
}
