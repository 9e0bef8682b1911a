import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { EnvelopeCipher, KmsUnavailableError, metadataToJson } from '../../src/index.js'
import { FaultyProvider, faults } from '../../src/testing/index.js'
import { type Row, shreddedShape, wrapOf } from '../postgres/credentials.js'
import { nothing, Rotating } from './rotating.js'

let r: Rotating
beforeAll(async () => {
  r = await Rotating.create()
})
afterAll(() => r.drop())
beforeEach(() => r.credentials.query('TRUNCATE {table}'))

test('all stale rows are wrapped under the current KEK, and nothing else of them changes', async () => {
  const rows = await r.insert(20)
  const version = r.credentials.provider.kms.rotate()
  expect(await r.rotate()).toMatchObject({ ...nothing, entity: 'credential', rewrapped: 20, compared: 20 })
  for (const { encryption_metadata: former, ...formerRest } of rows) {
    const stored = await r.credentials.read(formerRest.id)
    const { encryption_metadata: metadata, ...rest } = stored
    expect(rest).toEqual(formerRest)
    expect(metadata).toMatchObject({
      id: former.id,
      commitment: former.commitment,
      wrap: 2,
      wraps: [{ kek: { version } }],
    })
    expect(await r.credentials.decrypt(stored)).toMatchObject({ password: expect.stringContaining('password') })
  }
})

test('where nothing is stale, no row is read', async () => {
  await r.insert(5)
  expect(await r.rotate()).toMatchObject(nothing)
  expect(r.events.map(({ type }) => type)).toEqual(['started', 'ended'])
})

test('rows are counted by what they are, and only those that are stale are written', async () => {
  const [stale, shredded] = await r.insert(2)
  await r.credentials.update(shredded!.id, { encryption_metadata: shreddedShape(shredded!.encryption_metadata) })
  await r.credentials.insertStored(randomUUID(), 'acme', [], {})
  r.credentials.provider.kms.rotate()
  await r.insert(3)
  expect(await r.rotate()).toMatchObject({ ...nothing, rewrapped: 1, compared: 1 })
  expect((await r.credentials.read(stale!.id)).encryption_metadata.wrap).toBe(2)
})

test('several processes share a run, and each row is rewrapped once', async () => {
  const rows = await r.insert(30)
  r.credentials.provider.kms.rotate()
  const reports = await Promise.all([r.rotate(), r.rotate(), r.rotate()])
  expect(new Set(reports.map(({ run }) => run)).size).toBe(1)
  for (const report of reports) expect(report).toMatchObject({ ...nothing, rewrapped: 30, compared: 30 })
  for (const { id } of rows) expect((await r.credentials.read(id)).encryption_metadata['wrap']).toBe(2)
})

test('a recipient is added, and dropped', async () => {
  const [row] = await r.insert(4)
  const { provider } = r.credentials
  const recipient = new FaultyProvider({ name: 'second' })
  const both = new EnvelopeCipher({ provider, recipients: [recipient] })
  const names = async () => {
    return (await r.credentials.read(row!.id)).encryption_metadata.wraps.map((wrap: any) => wrap.kek.provider)
  }
  expect(await r.rotate({ cipher: both })).toMatchObject({ rewrapped: 4 })
  expect(await names()).toEqual(['fake', 'second'])
  expect(await r.rotate({ cipher: both })).toMatchObject(nothing)
  const one = new EnvelopeCipher({ provider, accepted: [{ provider: recipient }] })
  expect(await r.rotate({ cipher: one })).toMatchObject({ rewrapped: 4 })
  expect(await names()).toEqual(['fake'])
})

describe('a bad row is recorded and stops no other', () => {
  async function failsAlone(damage: (row: Row) => Promise<unknown>, code: string) {
    const rows = await r.insert(7)
    await damage(rows[3]!)
    r.credentials.provider.kms.rotate()
    expect(await r.rotate()).toMatchObject({ rewrapped: 6, failed: 1 })
    expect(await r.failures()).toMatchObject({ [rows[3]!.id]: code })
  }
  const unguarded = (id: string, changes: object) => {
    return r.unguarded(() => r.credentials.update(id, changes as Record<string, unknown>))
  }

  const damages: [string, (row: Row) => Promise<unknown>, string][] = [
    [
      'whose metadata is not of format 1',
      ({ id, encryption_metadata }) => unguarded(id, { encryption_metadata: { ...encryption_metadata, note: 'x' } }),
      'ERR_INVALID_ENVELOPE',
    ],
    ['whose context is another one', ({ id }) => unguarded(id, { tenant_id: 'globex' }), 'ERR_DECRYPTION_FAILED'],
    [
      'whose KEK is not on the list',
      ({ id, encryption_metadata: metadata }) => {
        const foreign = {
          ...metadata,
          wrap: 2,
          wraps: [{ ...wrapOf(), kek: { provider: 'aws', id: 'k', version: '1' } }],
        }
        return r.credentials.update(id, { encryption_metadata: foreign })
      },
      'ERR_KEK_NOT_ACCEPTED',
    ],
    [
      'whose wrapped key was altered',
      ({ id, encryption_metadata: metadata }) => {
        const dataKey = randomBytes(60).toString('base64url')
        const altered = { ...metadata, wrap: 2, wraps: [{ ...metadata.wraps[0], dataKey }] }
        return r.credentials.update(id, { encryption_metadata: altered })
      },
      'ERR_DECRYPTION_FAILED',
    ],
    [
      'whose fields are of another data key, which the guard refuses to touch',
      ({ id }) => unguarded(id, { password: 'hunter2' }),
      'WX002',
    ],
  ]
  test.each(damages)('%s', (_name, damage, code) => failsAlone(damage, code))

  test('and what failed only once is done in the next pass', async () => {
    await r.insert(7)
    r.credentials.provider.kms.rotate()
    r.credentials.provider.faults.inject(faults.throttle(), { operation: 'rewrap', times: 1 })
    expect(await r.rotate({ concurrency: 1 })).toMatchObject({ ...nothing, rewrapped: 7, compared: 7 })
  })
})

test('a KMS that does not answer ends the work, and the run goes on later', async () => {
  await r.insert(10)
  r.credentials.provider.kms.rotate()
  let calls = 0
  const cipher = r.intercepted(async (rewrap) => {
    // Three rows for each batch: the second one fails whole.
    if (++calls > 3) throw new KmsUnavailableError('throttled', { reason: 'throttled' })
    return rewrap()
  })
  await expect(r.rotate({ cipher })).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  expect(await r.stale()).toBe(7)
  expect(await r.rotate()).toMatchObject({ ...nothing, rewrapped: 10, compared: 10 })
  expect(r.events[0]).toMatchObject({ type: 'started', resumed: true })
})

test('a row that another writer changes meanwhile is read again', async () => {
  const [row] = await r.insert(2)
  const renewed = await r.credentials.mint(row!.id)
  const password = r.credentials.encrypt(renewed, 'password', 'renewed')
  r.credentials.provider.kms.rotate()
  let isFirst = true
  const cipher = r.intercepted(async (rewrap, binding) => {
    const next = await rewrap()
    if (isFirst && binding.row === row!.id) {
      isFirst = false
      await r.credentials.update(row!.id, { password, encryption_metadata: metadataToJson(renewed.metadata) })
    }
    return next
  })
  expect(await r.rotate({ cipher })).toMatchObject({ ...nothing, rewrapped: 2, compared: 2 })
  const stored = await r.credentials.read(row!.id)
  expect(stored.encryption_metadata).toMatchObject({ id: renewed.metadata.id, wrap: 2 })
  expect(await r.stale()).toBe(0)
  expect(await r.credentials.decrypt(stored)).toMatchObject({ password: 'renewed' })
})
