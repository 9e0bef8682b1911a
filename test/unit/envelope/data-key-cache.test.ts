import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { CacheId } from '../../../src/envelope/cache-id.js'
import { DataKeyCache, type LoadedDataKey } from '../../../src/envelope/data-key-cache.js'
import { DataKey } from '../../../src/kms/data-key.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { binding, callsOf, codeOf, kmsNamed, password, setup, store, withWraps } from './fixtures.js'

const kek = { place: 0, kek: { provider: 'small', id: 'kek-a', version: '1' } }
const idOf = (envelope: string, wrap = 'one'): CacheId => {
  return { ...kek, envelope, commitment: 'of the key', wrappedKey: `${envelope} ${wrap}`, binding }
}
const loadedAs = (id: CacheId): LoadedDataKey => ({ id, dataKey: DataKey.generate(), aad: id.envelope })
const newEnvelopeId = () => randomBytes(16).toString('base64url')

const cacheOf = (options: ConstructorParameters<typeof DataKeyCache>[0] = {}) => {
  const clock = new ManualClock()
  return { clock, cache: new DataKeyCache(options, clock) }
}

describe('DataKeyCache', () => {
  test('loads a key once for all who ask meanwhile, and then keeps it', async () => {
    const { cache } = cacheOf()
    const id = idOf(newEnvelopeId())
    const loaded = loadedAs(id)
    let loads = 0
    const load = async () => {
      loads++
      await setImmediate()
      return loaded
    }
    const all = await Promise.all(Array.from({ length: 20 }, () => cache.getOrLoad(id, load)))
    expect(new Set(all)).toEqual(new Set([loaded]))
    expect(await cache.getOrLoad(id, load)).toBe(loaded)
    expect(cache.get(id)).toBe(loaded)
    expect(loads).toBe(1)
  })

  test('keeps no failure: all who wait get it, and the next one loads again', async () => {
    const { cache } = cacheOf()
    const id = idOf(newEnvelopeId())
    const failing = Array.from({ length: 3 }, () => cache.getOrLoad(id, () => Promise.reject(new Error('down'))))
    const outcomes = await Promise.allSettled(failing)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    const loaded = loadedAs(id)
    await expect(cache.getOrLoad(id, async () => loaded)).resolves.toBe(loaded)
  })

  test('keeps a key under the id that the load gives, not under the one that was asked for', async () => {
    const { cache } = cacheOf()
    const envelope = newEnvelopeId()
    const [asked, opened] = [idOf(envelope, 'first wrap'), idOf(envelope, 'second wrap')]
    const loaded = loadedAs(opened)
    expect(await cache.getOrLoad(asked, async () => loaded)).toBe(loaded)
    expect(cache.get(asked)).toBe(undefined)
    expect(cache.get(opened)).toBe(loaded)
  })

  test('gives a load under way to nobody who asks for more than the same wrapped key', async () => {
    const { cache } = cacheOf()
    const one = idOf(newEnvelopeId())
    const other = { ...one, binding: { ...binding, row: 'other' } }
    const loaded = [loadedAs(one), loadedAs(other)] as const
    const both = await Promise.all([
      cache.getOrLoad(one, async () => loaded[0]),
      cache.getOrLoad(other, async () => loaded[1]),
    ])
    expect(both).toEqual(loaded)
    expect([cache.get(one), cache.get(other)]).toEqual([undefined, loaded[1]])
  })

  test('is bounded by the number of keys: the one that was not used for longest goes', () => {
    const { cache } = cacheOf({ maxKeys: 2 })
    const [a, b, c] = [idOf(newEnvelopeId()), idOf(newEnvelopeId()), idOf(newEnvelopeId())]
    cache.put(loadedAs(a))
    cache.put(loadedAs(b))
    cache.get(a)
    cache.put(loadedAs(c))
    expect([a, b, c].map((id) => cache.get(id) !== undefined)).toEqual([true, false, true])
    expect(cache.size).toBe(2)
  })

  test('keeps 10,000 keys for 5 minutes unless it is told otherwise', async () => {
    const { cache, clock } = cacheOf()
    const ids = Array.from({ length: 10_001 }, () => idOf(newEnvelopeId()))
    for (const id of ids) cache.put(loadedAs(id))
    expect(cache.size).toBe(10_000)
    expect(cache.get(ids[0]!)).toBe(undefined)
    await clock.advance(300_000)
    expect(cache.get(ids[1]!)).toBeDefined()
    await clock.advance(1)
    expect(cache.get(ids[1]!)).toBe(undefined)
  })

  test('is bounded by age, counted from the unwrap and not from the last use', async () => {
    const { cache, clock } = cacheOf({ maxAgeMs: 100 })
    const id = idOf(newEnvelopeId())
    cache.put(loadedAs(id))
    for (let step = 0; step < 10; step++) {
      await clock.advance(10)
      expect(cache.get(id)).toBeDefined()
    }
    await clock.advance(1)
    expect(cache.get(id)).toBe(undefined)
  })

  test('lets go of keys past their age that nobody asks for, when another one is put', async () => {
    const { cache, clock } = cacheOf({ maxAgeMs: 100 })
    for (let count = 0; count < 5; count++) cache.put(loadedAs(idOf(newEnvelopeId())))
    await clock.advance(101)
    cache.put(loadedAs(idOf(newEnvelopeId())))
    expect(cache.size).toBe(1)
  })

  test('an eviction does not destroy the key that somebody uses', () => {
    const { cache } = cacheOf({ maxKeys: 1 })
    const [a, b] = [idOf(newEnvelopeId()), idOf(newEnvelopeId())]
    cache.put(loadedAs(a))
    const inUse = cache.get(a)
    cache.put(loadedAs(b))
    expect(cache.get(a)).toBe(undefined)
    expect(inUse?.dataKey.keyObject.symmetricKeySize).toBe(32)
  })

  test('forgets every key of an envelope and of no other', () => {
    const { cache } = cacheOf()
    const [envelope, other] = [newEnvelopeId(), newEnvelopeId()]
    const [a, b, c] = [idOf(envelope, 'one'), idOf(envelope, 'two'), idOf(other)]
    for (const id of [a, b, c, a]) cache.put(loadedAs(id))
    cache.forget(envelope)
    expect([a, b, c].map((id) => cache.get(id) !== undefined)).toEqual([false, false, true])
    cache.put(loadedAs(a))
    cache.forget(envelope)
    expect(cache.get(a)).toBe(undefined)
    expect(cache.size).toBe(1)
  })

  for (const [what, drop] of [
    ['forget', (cache: DataKeyCache, id: CacheId) => cache.forget(id.envelope)],
    ['clear', (cache: DataKeyCache) => cache.clear()],
  ] as const) {
    test(`${what} during a load keeps its key out, and who asks next loads again`, async () => {
      const { cache } = cacheOf()
      const id = idOf(newEnvelopeId())
      const [old, fresh] = [loadedAs(id), loadedAs(id)]
      let answer = (_loaded: LoadedDataKey): void => undefined
      const slow = new Promise<LoadedDataKey>((resolve) => {
        answer = resolve
      })
      const loading = cache.getOrLoad(id, () => slow)
      drop(cache, id)
      const next = cache.getOrLoad(id, async () => fresh)
      answer(old)
      expect([await loading, await next]).toEqual([old, fresh])
      expect(cache.get(id)).toBe(fresh)
    })
  }

  test('switched off it keeps nothing and shares nothing', async () => {
    const { cache } = cacheOf(false)
    const id = idOf(newEnvelopeId())
    let loads = 0
    const load = async () => {
      loads++
      return loadedAs(id)
    }
    const keys = await Promise.all([cache.getOrLoad(id, load), cache.getOrLoad(id, load)])
    expect([new Set(keys).size, loads, cache.size, cache.get(id)]).toEqual([2, 2, 0, undefined])
    cache.put(loadedAs(id))
    expect(cache.get(id)).toBe(undefined)
    cache.forget(id.envelope)
    cache.clear()
  })
})

describe('the cache of an EnvelopeCipher', () => {
  test('opens a minted envelope without a call', async () => {
    const { cipher, kms } = setup()
    const { metadata, field } = await store(cipher, 'kept')
    expect(cipher.openCached(metadata, binding)?.decryptField(password, field)).toBe('kept')
    expect(callsOf(kms)).toEqual([['generateDataKey']])
  })

  test('makes one call for 50 who open one envelope, and one for each envelope', async () => {
    const { cipher, kms } = setup()
    const stored = await Promise.all([store(cipher), store(cipher), store(cipher)])
    cipher.forgetAll()
    kms.clearCalls()
    await Promise.all(
      stored.flatMap(({ metadata }) => Array.from({ length: 50 }, () => cipher.open(metadata, binding))),
    )
    expect(callsOf(kms)).toEqual([['unwrap', 'unwrap', 'unwrap']])
  })

  test('can be switched off: then each open is a call', async () => {
    const { cipher, kms } = setup({ cache: false })
    const { metadata } = await store(cipher)
    await Promise.all([cipher.open(metadata, binding), cipher.open(metadata, binding)])
    expect(cipher.openCached(metadata, binding)).toBe(undefined)
    expect(callsOf(kms)).toEqual([['generateDataKey', 'unwrap', 'unwrap']])
  })

  test('forgets one envelope or all', async () => {
    const { cipher } = setup()
    const [one, two] = await Promise.all([store(cipher), store(cipher)])
    cipher.forget(one.metadata.id)
    expect(cipher.openCached(one.metadata, binding)).toBe(undefined)
    expect(cipher.openCached(two.metadata, binding)).toBeDefined()
    cipher.forgetAll()
    expect(cipher.openCached(two.metadata, binding)).toBe(undefined)
  })

  test('an open envelope outlives its place in the cache', async () => {
    const { cipher } = setup({ cache: { maxKeys: 1 } })
    const { metadata, field } = await store(cipher, 'kept')
    const inUse = await cipher.open(metadata, binding)
    await store(cipher)
    cipher.forgetAll()
    expect(inUse.decryptField(password, field)).toBe('kept')
  })

  // A hit must not be weaker than the call that it saves: each part alone makes it a miss.
  const kekOf = (change: object) => (metadata: Awaited<ReturnType<typeof store>>['metadata']) =>
    withWraps(metadata, (wrap) => ({ kek: { ...wrap.kek, ...change } }))
  const commitment = Buffer.alloc(32).toString('base64url')
  for (const [part, alter, to = binding] of [
    ['the provider', kekOf({ provider: 'other' })],
    ['the KEK', kekOf({ id: 'kek-b' })],
    ['the version', kekOf({ version: '2' })],
    ['the wrapped bytes', (metadata) => withWraps(metadata, () => ({ dataKey: 'AAAA' }))],
    ['the commitment', (metadata) => ({ ...metadata, commitment })],
    ['the envelope id', (metadata) => ({ ...metadata, id: 'A'.repeat(22) })],
    ['the entity', (metadata) => metadata, { ...binding, entity: 'other' }],
    ['the row', (metadata) => metadata, { ...binding, row: 'other' }],
    ['the context', (metadata) => metadata, { ...binding, context: { tenant: 'other' } }],
  ] as [string, ReturnType<typeof kekOf>, typeof binding?][]) {
    test(`${part} is part of what a hit needs`, async () => {
      const other = kmsNamed('other')
      const { cipher } = setup({ accepted: [{ provider: other }] })
      const { metadata } = await store(cipher)
      expect(cipher.openCached(metadata, binding)).toBeDefined()
      expect(cipher.openCached(alter(metadata), to)).toBe(undefined)
      expect(await codeOf(() => cipher.open(alter(metadata), to))).toMatch(
        /ERR_(DECRYPTION_FAILED|KEK_NOT_ACCEPTED|KEK_UNAVAILABLE)/,
      )
    })
  }

  test('a binding that its owner changes later opens nothing', async () => {
    const { cipher } = setup()
    const mine = { ...binding, context: { ...binding.context } }
    const { metadata } = await store(cipher, 'kept', mine)
    mine.context.tenant = 'other'
    expect(cipher.openCached(metadata, mine)).toBe(undefined)
    expect(cipher.openCached(metadata, binding)).toBeDefined()
  })

  test('parts cannot be moved from one to the next', async () => {
    const { cipher } = setup({ accepted: [{ provider: kmsNamed('small') }] })
    const { metadata } = await store(cipher)
    const moved = withWraps(metadata, ({ kek: { provider, id, version }, dataKey }) => {
      return { kek: { provider, id: `${id}\n${version}`, version: dataKey }, dataKey: '' }
    })
    expect(cipher.openCached(moved, binding)).toBe(undefined)
  })
})
