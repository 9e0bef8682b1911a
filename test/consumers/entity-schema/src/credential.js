const { EntitySchema } = require('typeorm')
const { encryptedColumn, encryptionMetadataColumn } = require('waxseal/typeorm')

/**
 * @typedef {object} Credential
 * @property {string} id
 * @property {string} tenantId
 * @property {string} name
 * @property {string} password
 * @property {import('waxseal/typeorm').EncryptedValue<string[]> | null} recoveryCodes
 * @property {import('waxseal/typeorm').StoredEnvelope} encryptionMetadata
 */

/** @type {EntitySchema<Credential>} */
exports.Credential = new EntitySchema({
  name: 'credential',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    tenantId: { type: 'uuid' },
    name: { type: 'text' },
    password: encryptedColumn(),
    recoveryCodes: encryptedColumn({ as: 'json', lazy: true, nullable: true }),
    encryptionMetadata: encryptionMetadataColumn({ entity: 'credential', context: { tenant: 'tenantId' } }),
  },
})
