import { randomUUID } from 'node:crypto'
import { EncryptedValue, updateEncrypted, upsertEncrypted } from '../../../../src/typeorm/index.js'
import { filled, scenarios, tenantId } from '../scenario.js'

/** Operations that succeed. */
export const writes = scenarios({
  async 'save() of a new row with a field of each kind'({ credentials }, plaintext) {
    const { oauth, encryptionMetadata } = await credentials.save(filled(plaintext))
    return { oauth, encryptionMetadata }
  },
  async 'save() of a changed row'({ credentials }, plaintext) {
    const saved = await credentials.save({ tenantId, password: 'before' })
    saved.password = plaintext
    const { encryptionMetadata } = await credentials.save(saved)
    return { encryptionMetadata }
  },
  async 'insert() of two rows'({ credentials }, plaintext) {
    const { identifiers, raw } = await credentials.insert([filled(plaintext), filled(plaintext)] as never)
    return { identifiers, raw }
  },
  'a query builder that inserts': ({ credentials }, plaintext) =>
    credentials
      .createQueryBuilder()
      .insert()
      .values(filled(plaintext) as never)
      .execute()
      .then(({ identifiers }) => identifiers),
  async 'a cascade'({ credentials }, plaintext) {
    await credentials.save({ tenantId, tokens: [{ value: plaintext }, { value: plaintext }] as never })
  },
  async 'updateEncrypted()'({ credentials }, plaintext) {
    const { id } = await credentials.save({ tenantId, password: 'before' })
    await updateEncrypted(credentials, id, { password: plaintext, tenantId: randomUUID() })
  },
  async 'upsertEncrypted(), both ways'({ credentials }, plaintext) {
    const name = randomUUID()
    await upsertEncrypted(credentials, { tenantId, name, password: plaintext }, ['name'])
    await upsertEncrypted(credentials, { tenantId, name, settings: { a: plaintext } } as never, ['name'])
  },
  async 'a transaction that its user rolls back'({ dataSource, credentials }, plaintext) {
    await dataSource.transaction(async (manager) => {
      await manager.withRepository(credentials).save(filled(plaintext))
      throw new Error('changed their mind')
    })
  },
  async 'a row that is removed'({ credentials }, plaintext) {
    const saved = await credentials.save(filled(plaintext))
    await credentials.softRemove(saved)
    await credentials.delete(saved.id)
  },
})

/** As `writes`; what is given to TypeORM is no plaintext that anything could print. */
export const writesOfEncryptedValues = scenarios({
  async 'save() of values made by EncryptedValue.of()'({ credentials }, plaintext) {
    const { password, settings, oauth } = filled(plaintext)
    const values = { password, settings, oauth }
    const entries = Object.entries(values).map(([name, value]) => [name, EncryptedValue.of(value)])
    await credentials.save({ tenantId, ...Object.fromEntries(entries) })
    return Object.fromEntries(entries)
  },
})
