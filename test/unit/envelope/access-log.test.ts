import { expect, test } from '@jest/globals'
import { type DataKeyAccess, KmsAccessDeniedError } from '../../../src/index.js'
import { EventList } from '../../setup/event-list.js'
import { binding, callsOf, codeOf, kmsNamed, refusal, setup, store, withWraps } from './fixtures.js'

function logged(options: Parameters<typeof setup>[0] = {}) {
  const accessLog = new EventList<DataKeyAccess>()
  return { accessLog, ...setup({ ...options, accessLog }) }
}

const sources = ({ events }: EventList<DataKeyAccess>) => events.map(({ source, end }) => [source, end.outcome])

test('every use of a data key is told, whether it needed a KMS or not, with envelope, row and KEK', async () => {
  const { cipher, accessLog } = logged()
  const { metadata } = await store(cipher)
  expect(cipher.openCached(metadata, binding)).toBeDefined()
  await cipher.open(metadata, binding)
  cipher.forgetAll()
  await cipher.open(metadata, binding)
  expect(sources(accessLog)).toEqual([
    ...[
      ['generate', 'success'],
      ['cache', 'success'],
      ['cache', 'success'],
      ['unwrap', 'success'],
    ],
  ])
  for (const event of accessLog.events) {
    expect(event).toMatchObject({ envelope: metadata.id, binding, kek: metadata.wraps[0]!.kek })
  }
})

test('those who share one unwrap are told each', async () => {
  const { cipher, kms, accessLog } = logged()
  const { metadata } = await store(cipher)
  cipher.forgetAll()
  await Promise.all([cipher.open(metadata, binding), cipher.open(metadata, binding)])
  expect(callsOf(kms)).toEqual([['generateDataKey', 'unwrap']])
  expect(sources(accessLog).slice(1)).toEqual([
    ['unwrap', 'success'],
    ['unwrap', 'success'],
  ])
})

test('the KEK is that of the wrap that opened', async () => {
  const recipient = kmsNamed('second')
  const { cipher, kms, accessLog } = logged({ recipients: [recipient] })
  const { metadata } = await store(cipher)
  cipher.forgetAll()
  kms.faults.inject(refusal(new KmsAccessDeniedError('no')), { times: 1 })
  await cipher.open(metadata, binding)
  expect(accessLog.events.at(-1)).toMatchObject({ kek: { provider: 'second' } })
})

test('a failure is told by its code, and whether it was refused', async () => {
  const { cipher, kms, accessLog } = logged({ cache: false })
  const { metadata } = await store(cipher)
  kms.faults.inject(refusal(new KmsAccessDeniedError('no')), { times: 1 })
  expect(await codeOf(() => cipher.open(metadata, binding))).toBe('ERR_KMS_ACCESS_DENIED')
  expect(accessLog.events.at(-1)!.end).toEqual({ outcome: 'denied', reason: 'ERR_KMS_ACCESS_DENIED' })
  const altered = withWraps(metadata, () => ({ dataKey: 'AAAA' }))
  await codeOf(() => cipher.open(altered, binding))
  expect(accessLog.events.at(-1)!.end).toEqual({ outcome: 'error', reason: 'ERR_DECRYPTION_FAILED' })
  kms.faults.inject(refusal(new KmsAccessDeniedError('no')), { times: 1 })
  await codeOf(() => cipher.mint(binding))
  expect(accessLog.events.at(-1)).toMatchObject({ source: 'generate', end: { outcome: 'denied' } })
})

test('a log that is full gives out no data key from the cache at once, and none later until there is room', async () => {
  const { cipher, kms, accessLog } = logged()
  const { metadata } = await store(cipher)
  accessLog.bound(1)
  expect(cipher.openCached(metadata, binding)).toBeUndefined()
  const opening = [cipher.open(metadata, binding), cipher.open(metadata, binding)]
  expect(accessLog.waiting).toBe(2)
  // Room for one: the other goes on waiting, and neither becomes a call to the KMS.
  accessLog.bound(2)
  await Promise.race(opening)
  expect(accessLog.events).toHaveLength(2)
  accessLog.bound(3)
  await Promise.all(opening)
  expect(sources(accessLog)).toEqual([
    ...[
      ['generate', 'success'],
      ['cache', 'success'],
      ['cache', 'success'],
    ],
  ])
  expect(callsOf(kms)).toEqual([['generateDataKey']])
})

test('nothing is given out whose access is not written down by the deadline', async () => {
  const { cipher, clock, accessLog } = logged({ timeoutMs: 1_000 })
  const { metadata } = await store(cipher)
  accessLog.bound(1)
  const refused = [codeOf(() => cipher.open(metadata, binding)), codeOf(() => cipher.mint(binding))]
  await clock.advance(1_000)
  expect(await Promise.all(refused)).toEqual(['ERR_KMS_UNAVAILABLE', 'ERR_KMS_UNAVAILABLE'])
  expect(accessLog.events).toHaveLength(1)
  expect(clock.pendingTimers).toBe(0)
})
