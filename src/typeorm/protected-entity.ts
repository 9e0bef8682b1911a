import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'
import { type EnvelopeBinding, rowOf } from '../envelope/binding.js'
import type { FieldKind, FieldSpec } from '../envelope/field-value.js'
import { ConfigurationError } from '../errors.js'
import { type AdoptOptions, adoptionOf } from '../postgres/adopt-options.js'
import { type BoundType, spellBound } from '../postgres/bound-value.js'
import type { FieldAdoption } from '../postgres/field-adoption.js'
import { fieldDeclarationOf } from './field-transformer.js'
import { type EnvelopeDeclaration, envelopeDeclarationOf } from './metadata-transformer.js'

export interface ProtectedField extends FieldSpec {
  readonly column: ColumnMetadata
  readonly lazy: boolean
  readonly adoption?: FieldAdoption
}

export interface BoundProperty {
  readonly column: ColumnMetadata
  readonly type: BoundType
  /** How messages name it. */
  readonly where: string
}

export interface ContextProperty extends BoundProperty {
  readonly name: string
}

/** What the hooks need to know of one entity class, worked out once from TypeORM's metadata. */
export interface ProtectedEntity {
  readonly entity: string
  readonly metadata: ColumnMetadata
  readonly fields: readonly ProtectedField[]
  /** The primary key columns that the envelope is bound to; empty with `bindRow: false`. */
  readonly row: readonly BoundProperty[]
  readonly context: readonly ContextProperty[]
  /** Those of the row, then those of the context. */
  readonly bound: readonly BoundProperty[]
}

const known = new WeakMap<EntityMetadata, ProtectedEntity | undefined>()

/** The protection of an entity class, or undefined for one without encrypted columns. */
export function protectedEntityOf(metadata: EntityMetadata): ProtectedEntity | undefined {
  const protection = known.get(metadata)
  if (protection || known.has(metadata)) return protection
  known.set(metadata, read(metadata))
  return known.get(metadata)
}

/**
 * What the envelope of an entity is bound to. With `stored`, what it will be after an update of that row: properties that
 * `entity` leaves undefined stay, and so do those of columns with `update: false`, whatever the entity says.
 */
export function bindingOfEntity(protection: ProtectedEntity, entity: object, stored?: object): EnvelopeBinding {
  const values = protection.bound.map(({ column }) => {
    const written = !stored || column.isUpdate ? column.getEntityValue(entity) : undefined
    return written ?? (stored && column.getEntityValue(stored))
  })
  return bindingOfValues(protection, values)
}

/** What an envelope is bound to by the values of the bound properties, in their order. */
export function bindingOfValues(protection: ProtectedEntity, values: readonly unknown[]): EnvelopeBinding {
  const { entity, row, context, bound } = protection
  const spelt = bound.map((property, index) => spell(property, values[index]))
  const pairs: Record<string, string> = {}
  context.forEach(({ name }, index) => {
    pairs[name] = spelt[row.length + index] as string
  })
  return row.length > 0
    ? { entity, row: rowOf(spelt.slice(0, row.length)), context: pairs }
    : { entity, context: pairs }
}

function spell({ column, type, where }: BoundProperty, value: unknown): string {
  const spelt = spellBound(type, value, where)
  // Postgres cuts spaces that do not fit and says nothing: the row would be bound to what is not stored.
  if (!column.length || [...spelt].length <= Number(column.length)) return spelt
  throw new ConfigurationError(`${where}: expected at most ${column.length} characters, as its column has, found more`)
}

function read(metadata: EntityMetadata): ProtectedEntity | undefined {
  const fields = metadata.columns.flatMap((column) => {
    const declaration = fieldDeclarationOf(column.transformer)
    return declaration ? [{ column, declaration }] : []
  })
  const envelopes = metadata.columns.flatMap((column) => {
    const declaration = envelopeDeclarationOf(column.transformer)
    return declaration ? [{ column, declaration }] : []
  })
  const [envelope, second] = envelopes
  if (!envelope && fields.length === 0) return undefined
  if (!envelope || second) {
    throw new ConfigurationError(
      `${metadata.name}: an entity with @Encrypted columns needs exactly one @EncryptionMetadata column, found ${envelopes.length}`,
    )
  }
  const key = fields.find(({ column }) => column.isPrimary)
  if (key)
    throw new ConfigurationError(`${metadata.name}.${key.column.propertyPath}: a primary key cannot be encrypted`)
  const { column, declaration } = envelope
  const row = declaration.bindRow ? rowOfEntity(metadata, declaration) : []
  const context = Object.entries(declaration.context).map(([name, path]) => {
    return { name, ...boundProperty(metadata, declaration, path, `context "${name}"`) }
  })
  return {
    entity: declaration.entity,
    metadata: column,
    fields: fields.map(({ column, declaration: { id, kind, lazy, adopt } }) => {
      const field = { column, kind, lazy, id: id ?? `${declaration.entity}.${column.propertyPath}` }
      return adopt ? { ...field, adoption: adoptionOfColumn(metadata, column, kind, adopt) } : field
    }),
    row,
    context,
    bound: [...row, ...context],
  }
}

function adoptionOfColumn({ name }: EntityMetadata, column: ColumnMetadata, kind: FieldKind, adopt: AdoptOptions) {
  const field = { column: column.databaseName, kind, type: column.type as 'text' | 'bytea' }
  return adoptionOf(`${name}.${column.propertyPath}: "adopt"`, adopt, field)
}

function rowOfEntity(metadata: EntityMetadata, declaration: EnvelopeDeclaration): BoundProperty[] {
  const paths = metadata.primaryColumns.map((column) => column.propertyPath)
  const declared = declaration.row ?? paths
  if (declared.length !== paths.length || !paths.every((path) => declared.includes(path))) {
    throw new ConfigurationError(
      `${metadata.name}: "row" must name each primary key property once: ${paths.join(', ')}`,
    )
  }
  return declared.map((path) => boundProperty(metadata, declaration, path, 'the primary key'))
}

function boundProperty(
  metadata: EntityMetadata,
  { entity }: EnvelopeDeclaration,
  path: string,
  what: string,
): BoundProperty {
  const column = metadata.findColumnWithPropertyPath(path)
  if (!column || column.isVirtual || column.relationMetadata?.propertyPath === path) {
    throw new ConfigurationError(
      `${metadata.name}: ${what} needs a mapped column, found none at "${path}"; map the column of a relation by a property of its own`,
    )
  }
  const type = boundTypeOf(column)
  if (!type || column.isNullable) {
    throw new ConfigurationError(
      `${metadata.name}: ${what} must be a NOT NULL column of type uuid, integer, text or varchar without a transformer; "${path}" is not`,
    )
  }
  return { column, type, where: `${entity}: property "${path}"` }
}

const BOUND_TYPES: ReadonlyMap<unknown, BoundType> = new Map<unknown, BoundType>([
  ['uuid', 'uuid'],
  ...['int', 'int2', 'int4', 'int8', 'integer', 'smallint', 'bigint', Number].map((type) => [type, 'integer'] as const),
  ...['text', 'varchar', 'character varying', String].map((type) => [type, 'text'] as const),
])

/** The type by which a value of this column is spelt, or undefined when it has no one spelling. */
export function boundTypeOf(column: ColumnMetadata): BoundType | undefined {
  if (column.isArray || column.transformer) return undefined
  return BOUND_TYPES.get(column.type)
}
