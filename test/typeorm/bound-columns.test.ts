import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { Column, Entity, EventSubscriber, type UpdateEvent } from 'typeorm'
import { Encrypted, EncryptionMetadata, StoredEnvelope, updateEncrypted } from '../../src/typeorm/index.js'
import { failureOf } from './refusal.js'
import { suite } from './suite.js'

/** An envelope is bound to what TypeORM writes, which is not always what the properties say. */
@Entity()
class Lease {
  @Column({ type: 'uuid', primary: true, update: false })
  id!: string

  /** Left out of every update, whatever the entity says. */
  @Column({ type: 'uuid', update: false })
  tenantId!: string

  @Column('varchar', { length: 5 })
  region!: string

  @Encrypted()
  secret!: string

  @EncryptionMetadata({ entity: 'lease', context: { tenant: 'tenantId', region: 'region' } })
  encryptionMetadata!: StoredEnvelope
}

let late: ((lease: Lease) => void) | undefined

@EventSubscriber()
class LateSubscriber {
  async beforeUpdate({ entity }: UpdateEvent<Lease>): Promise<void> {
    const change = late
    if (!change) return
    await setImmediate()
    change(entity as Lease)
  }
}

const s = suite([Lease], { typeorm: { subscribers: [LateSubscriber] } })
const leases = () => s.dataSource.getRepository(Lease)
const save = () => leases().save({ id: randomUUID(), tenantId: randomUUID(), region: 'north', secret: 'a' } as Lease)

/** As another process reads it. */
function reread(id: string): Promise<Lease> {
  s.encrypted.cipher.forgetAll()
  return leases().findOneByOrFail({ id })
}

test('a changed property of a column with update: false moves nothing', async () => {
  const { id, tenantId } = await save()
  const loaded = await leases().findOneByOrFail({ id })
  await expect(leases().save(Object.assign(loaded, { tenantId: randomUUID() }))).resolves.toBe(loaded)
  await expect(reread(id)).resolves.toMatchObject({ tenantId, secret: 'a' })
  await expect(leases().save(Object.assign(loaded, { tenantId: randomUUID(), secret: 'b' }))).resolves.toBe(loaded)
  await expect(reread(id)).resolves.toMatchObject({ tenantId, secret: 'b' })
  await updateEncrypted(leases(), id, { tenantId: randomUUID(), secret: 'c' })
  await expect(reread(id)).resolves.toMatchObject({ tenantId, secret: 'c' })
})

test('a key with update: false is refused by updateEncrypted, and the row stays', async () => {
  const { id } = await save()
  const error = await failureOf(() => updateEncrypted(leases(), id, { id: randomUUID(), secret: 'b' }))
  expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringContaining('Lease.id') })
  expect(await leases().countBy({ id })).toBe(1)
  await expect(reread(id)).resolves.toMatchObject({ secret: 'a' })
})

test('a value that Postgres would cut, since only spaces do not fit, is refused', async () => {
  const long = { id: randomUUID(), tenantId: randomUUID(), region: 'east      ', secret: 'a' } as Lease
  expect(await failureOf(() => leases().save(long))).toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('at most 5 characters'),
  })
  expect(await leases().countBy({ id: long.id })).toBe(0)

  const lease = await save()
  expect(await failureOf(() => leases().save({ ...lease, region: 'east      ' }))).toMatchObject({
    code: 'ERR_CONFIGURATION',
  })
  await expect(reread(lease.id)).resolves.toMatchObject({ region: 'north', secret: 'a' })
})

test('length counts characters as Postgres does', async () => {
  const { id } = await leases().save({
    id: randomUUID(),
    tenantId: randomUUID(),
    region: '😀😀😀😀😀',
    secret: 'a',
  } as Lease)
  await expect(reread(id)).resolves.toMatchObject({ secret: 'a' })
})

test('a subscriber that changes what is bound after the fields were encrypted makes the save fail', async () => {
  const { id } = await save()
  const loaded = await leases().findOneByOrFail({ id })
  late = (lease) => {
    lease.region = 'south'
  }
  const error = await failureOf(() => leases().save(Object.assign(loaded, { secret: 'b' })))
  late = undefined
  // Ours, before the statement is sent: the guard, which would refuse it too, can be missing.
  expect(error).toMatchObject({
    code: 'ERR_ENVELOPE_CHANGED',
    message: expect.stringMatching('^lease: what .* bound to'),
  })
  expect(loaded.secret).toBe('b')
  await expect(reread(id)).resolves.toMatchObject({ region: 'north', secret: 'a' })
  await leases().save(loaded)
  await expect(reread(id)).resolves.toMatchObject({ region: 'south', secret: 'b' })
})
