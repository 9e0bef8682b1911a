import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { currentActor, withActor } from '../../src/audit/actor/actor.js'
import { type CredentialEvent, KmsAccessDeniedError } from '../../src/index.js'
import { ManualClock } from '../../src/testing/manual-clock.js'
import { decryptAll, type EncryptedValue, updateEncrypted, upsertEncrypted } from '../../src/typeorm/index.js'
import { EventList } from '../setup/event-list.js'
import { Credential, Token } from './entities.js'
import { withoutGuard } from './stored-rows.js'
import { suite } from './suite.js'

/** Who asked, in the turn in which an event is told. */
const askers: (readonly [actor: string | undefined, action: string, row: string | undefined])[] = []
class AskedList extends EventList<CredentialEvent> {
  override record(event: CredentialEvent): void {
    super.record(event)
    askers.push([currentActor()?.actor, event.action, event.row])
  }
}
const credentialLog = new AskedList()
const clock = new ManualClock()
const all = suite([Credential, Token], { encryption: { credentialLog, clock }, cipher: { clock } })

const tenantId = randomUUID()
const repository = () => all.dataSource.getRepository(Credential)
const events = () => credentialLog.events.splice(0)
const actions = () => events().map(({ action, row, end }) => [action, row, end.outcome])

async function stored(values: Partial<Credential> = {}): Promise<Credential> {
  const { id } = await repository().save({ tenantId, password: 'p', oauth: { access: 'a', scopes: [] }, ...values })
  events()
  all.encrypted.cipher.forgetAll()
  return { id } as Credential
}

beforeEach(() => {
  events()
})

describe('what is done to rows', () => {
  test('each row that is loaded is read once, whether its data key was cached or not', async () => {
    const { id } = await stored()
    await repository().findOneByOrFail({ id })
    await repository().findOneByOrFail({ id })
    const read = ['read', id, 'success']
    expect(actions()).toEqual([read, read])
    expect(all.encrypted.cipher.cacheStatistics.hits).toBeGreaterThan(0)
  })

  test('in the name of who asked, where several do at the same time', async () => {
    const actors = ['alice', 'bob', 'carol']
    const ids = (await Promise.all(actors.map(() => stored()))).map(({ id }) => id)
    const asEach = (use: (id: string) => Promise<unknown>) =>
      Promise.all(actors.map((actor, at) => withActor({ actor }, () => use(ids[at]!))))
    const expected = (action: string) => actors.map((actor, at) => [actor, action, ids[at]])
    for (const _ of ['from the KMS', 'from the cache']) {
      askers.length = 0
      await asEach((id) => repository().findOneByOrFail({ id }))
      expect(askers.sort()).toEqual(expected('read'))
    }
    askers.length = 0
    await asEach((id) => updateEncrypted(repository(), id, { password: 'q' }))
    expect(askers.filter(([, action]) => action === 'update').sort()).toEqual(expected('update'))
  })

  test('with entity and envelope', async () => {
    const { id } = await stored()
    const { encryptionMetadata } = await repository().findOneByOrFail({ id })
    const envelope = (encryptionMetadata as unknown as { readonly id: string }).id
    expect(events()).toEqual([{ action: 'read', entity: 'credential', row: id, envelope, end: { outcome: 'success' } }])
  })

  test('a lazy field is a reading of its own, and all of one decryptAll() are one for each row', async () => {
    const { id } = await stored({ password: null })
    const row = await repository().findOneByOrFail({ id })
    expect(events()).toEqual([])
    await (row.oauth as EncryptedValue).decrypt()
    expect(actions()).toEqual([['read', id, 'success']])
    await decryptAll(repository(), [row])
    expect(actions()).toEqual([['read', id, 'success']])
  })

  test('of an entity that was just saved, too', async () => {
    const saved = await repository().save({ tenantId, oauth: { access: 'a', scopes: [] } })
    events()
    await (saved.oauth as EncryptedValue).decrypt()
    expect(actions()).toEqual([['read', saved.id, 'success']])
  })

  test('create, update, soft-delete, recover and delete, by save() and remove()', async () => {
    const saved = await repository().save(repository().create({ tenantId, password: 'p' }))
    const { id } = saved
    expect(actions()).toEqual([['create', id, 'success']])
    saved.password = 'q'
    await repository().save(saved)
    await repository().softRemove(saved)
    await repository().recover(saved)
    await repository().remove(saved)
    expect(actions().filter(([action]) => action !== 'read')).toEqual([
      ...['update', 'soft-delete', 'recover', 'delete'].map((action) => [action, id, 'success']),
    ])
  })

  test('updateEncrypted(), also to another key, and upsertEncrypted()', async () => {
    const { id } = await stored({ name: 'n' })
    await updateEncrypted(repository(), id, { password: 'q' })
    const moved = randomUUID()
    await updateEncrypted(repository(), id, { id: moved })
    await upsertEncrypted(repository(), { tenantId, name: 'n', password: 'r' }, ['name'])
    expect(actions().filter(([action]) => action !== 'read')).toEqual([
      ...[id, moved, moved].map((row) => ['update', row, 'success']),
    ])
  })

  test('by criteria it is told that something was done, and not to which rows', async () => {
    const { id } = await stored()
    await repository().update({ id }, { name: 'other' })
    await repository().softDelete({ id })
    await repository().restore({ id })
    await repository().delete({ id })
    expect(events()).toEqual([
      ...(['update', 'soft-delete', 'recover', 'delete'] as const).map((action) => {
        return { action, entity: 'credential', end: { outcome: 'success' } }
      }),
    ])
  })
})

test('what fails is told by its code', async () => {
  const { id } = await stored()
  const transport = () => Promise.reject(new KmsAccessDeniedError('no'))
  all.encrypted.provider.faults.inject({ transport })
  const denied = { code: 'ERR_KMS_ACCESS_DENIED' }
  await expect(repository().findOneByOrFail({ id })).rejects.toMatchObject(denied)
  await expect(repository().save({ tenantId, password: 'p' })).rejects.toMatchObject(denied)
  all.encrypted.provider.faults.clear()
  const end = { outcome: 'denied', reason: 'ERR_KMS_ACCESS_DENIED' }
  expect(events()).toMatchObject([
    { action: 'read', row: id, end },
    { action: 'create', end },
  ])
})

test('a row whose metadata cannot be read is told as well', async () => {
  const { id } = await stored()
  await withoutGuard(all.database, 'credential', () =>
    all.database.client.query(`UPDATE credential SET encryption_metadata = '{"format": 7}' WHERE id = $1`, [id]),
  )
  await expect(repository().findOneByOrFail({ id })).rejects.toMatchObject({ code: 'ERR_INVALID_ENVELOPE' })
  expect(events()).toEqual([
    { action: 'read', entity: 'credential', row: id, end: { outcome: 'error', reason: 'ERR_INVALID_ENVELOPE' } },
  ])
})

describe('a log that is full', () => {
  test('no row is read, created or changed until there is room, and none at the deadline', async () => {
    const { id } = await stored()
    await repository().findOneByOrFail({ id })
    credentialLog.bound(credentialLog.events.length)
    let ended = 0
    const counted = (operation: Promise<unknown>) => operation.finally(() => ended++)
    const operations = [repository().findOneByOrFail({ id }), repository().save({ tenantId, password: 'p' })]
    const outcomes = Promise.allSettled(operations.map(counted))
    while (credentialLog.waiting + ended < 2) await setImmediate()
    await clock.advance(5_000)
    const reason = expect.objectContaining({ code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout' })
    expect(await outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    const again = repository().findOneByOrFail({ id })
    while (credentialLog.waiting < 3) await setImmediate()
    credentialLog.bound(Number.POSITIVE_INFINITY)
    expect((await again).password).toBe('p')
    expect(actions().at(-1)).toEqual(['read', id, 'success'])
  })
})
