import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../../providers/local/index.js'
import { type ConnectOptions, connectCipher } from '../../../src/config/index.js'
import { type DataKeyAccess, type EnvelopeCipher, InMemoryCallLedger } from '../../../src/index.js'
import type { KmsProvider } from '../../../src/kms/index.js'
import { FaultyProvider, faults } from '../../../src/testing/index.js'
import { EventList } from '../../setup/event-list.js'

const keys = `1:${generateLocalKey()}`
const provider = { name: 'local', keys, currentKey: 1 } as const
const binding = { entity: 'credential', row: '1', context: {} }
const field = { id: 'credential.password', kind: 'text' } as const

async function encrypted(cipher: EnvelopeCipher) {
  const envelope = await cipher.mint(binding)
  return { metadata: envelope.metadata, field: envelope.encryptField(field, 'plaintext') }
}

async function decrypted(cipher: EnvelopeCipher, stored: Awaited<ReturnType<typeof encrypted>>) {
  return (await cipher.open(stored.metadata, binding)).decryptField(field, stored.field)
}

test('what one cipher of a configuration wrote, another reads', async () => {
  const stored = await encrypted(await connectCipher({ configuration: { provider } }))
  const same = new LocalProvider({ keys, currentKey: 1 })
  await expect(decrypted(await connectCipher({ configuration: { provider: same } }), stored)).resolves.toBe('plaintext')
})

test('a recipient gets a wrap of its own', async () => {
  const recipient = new FaultyProvider()
  const { metadata } = await encrypted(await connectCipher({ configuration: { provider, recipients: [recipient] } }))
  expect(metadata.wraps.map(({ kek }) => kek.provider)).toEqual(['local', 'fake'])
})

test('an accepted KEK is read until its time is up', async () => {
  const stored = await encrypted(await connectCipher({ configuration: { provider } }))
  const read = async (accepted: { until?: string; kek?: { id: string; version?: string } }) => {
    const cipher = await connectCipher({
      configuration: { provider: new FaultyProvider(), accepted: [{ provider, ...accepted }] },
    })
    return decrypted(cipher, stored)
  }
  const { id, version } = stored.metadata.wraps[0]!.kek
  await expect(read({})).resolves.toBe('plaintext')
  await expect(read({ until: '9999-01-01' })).resolves.toBe('plaintext')
  await expect(read({ kek: { id } })).resolves.toBe('plaintext')
  await expect(read({ kek: { id, version } })).resolves.toBe('plaintext')
  for (const other of [
    { until: '2000-01-01' },
    { kek: { id: 'other' } },
    { kek: { id, version: '2-0123456789abcdef' } },
  ]) {
    await expect(read(other)).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  }
})

test('a ledger gets every call, of the provider, its recipients and what is accepted', async () => {
  const ledger = new InMemoryCallLedger()
  const options = {
    ledger,
    cache: false,
    configuration: { provider, recipients: [provider], accepted: [{ provider }] },
  } as const
  const stored = await encrypted(await connectCipher(options))
  // The first wrap of each is proven.
  expect(ledger.counts()).toEqual({ generateDataKey: 1, wrap: 1, unwrap: 2 })
  await decrypted(await connectCipher(options), stored)
  expect(ledger.counts()).toEqual({ generateDataKey: 1, wrap: 1, unwrap: 3 })
  await decrypted(
    await connectCipher({ ...options, configuration: { provider: new FaultyProvider(), accepted: [{ provider }] } }),
    stored,
  )
  expect(ledger.counts()).toMatchObject({ unwrap: 4 })
})

test('a KMS whose first wrap does not open writes nothing', async () => {
  const faulty = new FaultyProvider()
  faulty.faults.inject(faults.truncateWrapped(), { times: 1 })
  const cipher = await connectCipher({ configuration: { provider, recipients: [faulty] } })
  await expect(cipher.mint(binding)).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
})

test('each attempt is a call in the ledger, and "retry" says how many there are', async () => {
  const attempts = async (retry?: ConnectOptions['retry']) => {
    const ledger = new InMemoryCallLedger()
    const faulty = new FaultyProvider()
    faulty.faults.inject(faults.throttle())
    const cipher = await connectCipher({
      configuration: { provider: faulty },
      ledger,
      retry: { initialDelayMs: 0, ...retry },
    })
    await expect(cipher.mint(binding)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
    return ledger.counts().generateDataKey
  }
  await expect(attempts()).resolves.toBe(3)
  await expect(attempts({ retries: 0 })).resolves.toBe(1)
})

test('no more calls are on their way than "maxInFlight"', async () => {
  const hanging = new FaultyProvider()
  hanging.faults.inject(faults.hang())
  const cipher = await connectCipher({ configuration: { provider: hanging }, maxInFlight: 2 })
  const controller = new AbortController()
  const calls = [1, 2, 3].map(() => cipher.mint(binding, { signal: controller.signal }))
  const settled = Promise.allSettled(calls)
  await setImmediate()
  expect(hanging.calls).toHaveLength(2)
  controller.abort('seen enough')
  await settled
})

test('"decorate" surrounds each provider, inside the retry and outside the ledger', async () => {
  const ledger = new InMemoryCallLedger()
  const faulty = new FaultyProvider()
  faulty.faults.inject(faults.throttle(), { times: 1 })
  const seen: string[] = []
  const decorate = (inner: KmsProvider): KmsProvider => ({
    name: inner.name,
    currentKek: (...args) => inner.currentKek(...args),
    generateDataKey: (...args) => {
      seen.push(`${inner.name} after ${ledger.entries.length} in the ledger`)
      return inner.generateDataKey(...args)
    },
    wrap: (...args) => inner.wrap(...args),
    unwrap: (...args) => {
      seen.push(`${inner.name} unwraps`)
      return inner.unwrap(...args)
    },
    rewrap: (...args) => inner.rewrap(...args),
  })
  const options = { ledger, retry: { initialDelayMs: 0 }, cache: false, decorate } as const
  const cipher = await connectCipher({ ...options, configuration: { provider: faulty, recipients: [provider] } })
  const stored = await encrypted(cipher)
  expect(seen).toEqual([
    ...['fake after 0 in the ledger', 'fake after 1 in the ledger', 'fake unwraps', 'local unwraps'],
  ])
  const reader = await connectCipher({
    ...options,
    configuration: { provider: new FaultyProvider({ name: 'other' }), accepted: [{ provider }] },
  })
  await decrypted(reader, stored)
  expect(seen.at(-1)).toBe('local unwraps')
  expect(seen).toHaveLength(5)
})

test('what decorate returns has the name of the provider', async () => {
  const decorate = () => new FaultyProvider({ name: 'another' })
  await expect(connectCipher({ configuration: { provider }, decorate })).rejects.toThrow(
    'connectCipher: "decorate" must return a provider of the name "local"',
  )
  await expect(connectCipher({ configuration: { provider }, decorate: (() => undefined) as never })).rejects.toThrow(
    '"decorate" must return a provider',
  )
})

test('"cache" and "timeoutMs" are those of the cipher', async () => {
  const ledger = new InMemoryCallLedger()
  const configuration = { provider }
  const warm = await connectCipher({ configuration, ledger })
  const stored = await encrypted(warm)
  await decrypted(warm, stored)
  expect(ledger.counts().unwrap).toBe(1)
  const cold = await connectCipher({ configuration, ledger, cache: false })
  await decrypted(cold, stored)
  await decrypted(cold, stored)
  expect(ledger.counts().unwrap).toBe(3)
  const hanging = new FaultyProvider()
  hanging.faults.inject(faults.hang())
  const impatient = await connectCipher({ configuration: { provider: hanging }, timeoutMs: 1 })
  await expect(impatient.mint(binding)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout' })
})

test('"accessLog" is told of every use of a data key', async () => {
  const accessLog = new EventList<DataKeyAccess>()
  const cipher = await connectCipher({ configuration: { provider }, accessLog })
  await decrypted(cipher, await encrypted(cipher))
  expect(accessLog.events.map(({ source }) => source)).toEqual(['generate', 'cache'])
})

test('an option that nobody reads is refused, and so are two configurations', async () => {
  const options = { configuration: { provider }, ledgr: new InMemoryCallLedger() } as ConnectOptions
  await expect(connectCipher(options)).rejects.toThrow(/^connectCipher: unknown option "ledgr"; expected one of /)
  await expect(connectCipher({ configuration: { provider }, file: 'x.json' })).rejects.toThrow(/found both/)
})

test('an option of the provider that it does not know is refused', async () => {
  const configuration = { provider: { ...provider, region: 'eu' } }
  await expect(connectCipher({ configuration })).rejects.toThrow(/provider "local": unknown option "region"/)
})
