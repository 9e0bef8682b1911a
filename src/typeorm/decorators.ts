import { Column, type EntitySchemaColumnOptions } from 'typeorm'
import {
  type EncryptedOptions,
  type EncryptionMetadataOptions,
  encryptedColumnOptions,
  encryptionMetadataColumnOptions,
} from './column-options.js'

/**
 * An encrypted column. The property is read and written as its plaintext, or, with `lazy`, as an `EncryptedValue`.
 * Needs an `@EncryptionMetadata` column in the same entity and `withEncryption` on the DataSource; without the latter
 * every write of the field is refused.
 */
export function Encrypted(options: EncryptedOptions = {}): PropertyDecorator {
  return (target, property) => {
    const label = `${target.constructor.name}.${String(property)}`
    Column(encryptedColumnOptions(label, options))(target, property)
  }
}

/** The column that holds the wrapped data key of the row. The property's type is `StoredEnvelope`. */
export function EncryptionMetadata(options: EncryptionMetadataOptions): PropertyDecorator {
  return (target, property) => {
    const label = `${target.constructor.name}.${String(property)}`
    Column(encryptionMetadataColumnOptions(label, options))(target, property)
  }
}

/** As `@Encrypted`, for an `EntitySchema`. */
export function encryptedColumn(options: EncryptedOptions = {}): EntitySchemaColumnOptions {
  return encryptedColumnOptions(options.id ?? options.name ?? 'encrypted column', options) as EntitySchemaColumnOptions
}

/** As `@EncryptionMetadata`, for an `EntitySchema`. */
export function encryptionMetadataColumn(options: EncryptionMetadataOptions): EntitySchemaColumnOptions {
  const label = `${options.entity} metadata column`
  return encryptionMetadataColumnOptions(label, options) as EntitySchemaColumnOptions
}
