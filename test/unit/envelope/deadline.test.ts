import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { OpenEnvelope } from '../../../src/envelope/open-envelope.js'
import { hang, slow } from '../../../src/testing/faults.js'
import { binding, callsOf, codeOf, kmsNamed, password, setup, store } from './fixtures.js'

type Setup = ReturnType<typeof setup>

const never = () => new Promise<never>(() => undefined)
const offline = { name: 'offline', currentKek: never, wrap: never }

describe('an operation ends at its deadline although the KMS never answers', () => {
  const operations: [
    string,
    (setup: Setup, options: { deadline?: number; signal?: AbortSignal }) => Promise<unknown>,
  ][] = [
    ['mint', ({ cipher }, options) => cipher.mint(binding, options)],
    [
      'open',
      async ({ cipher, kms }, options) => {
        const { metadata } = await store(setup({ provider: kms }).cipher)
        kms.faults.inject(hang({ deaf: true }))
        return cipher.open(metadata, binding, options)
      },
    ],
    ['currentKeks', ({ cipher }, options) => cipher.currentKeks(binding, options)],
  ]
  for (const [name, run] of operations) {
    for (const [what, wait] of [
      ['after the default of 5 seconds', undefined],
      ["at the caller's own", 700],
    ] as const) {
      test(`${name} ${what}`, async () => {
        const env = setup()
        if (name !== 'open') env.kms.faults.inject(hang({ deaf: true }))
        const ended: (string | undefined)[] = []
        const options = wait === undefined ? {} : { deadline: env.clock.now() + wait }
        void codeOf(() => run(env, options)).then((code) => ended.push(code))
        await setImmediate()
        await env.clock.advance((wait ?? 5_000) - 1)
        expect(ended).toEqual([])
        await env.clock.advance(1)
        expect(ended).toEqual(['ERR_KMS_UNAVAILABLE'])
      })
    }

    test(`${name} when its caller gives up`, async () => {
      const env = setup()
      if (name !== 'open') env.kms.faults.inject(hang({ deaf: true }))
      const controller = new AbortController()
      const running = run(env, { signal: controller.signal })
      await setImmediate()
      controller.abort(new Error('enough'))
      await expect(running).rejects.toThrow('enough')
    })
  }

  test('also when it is a recipient that can only wrap', async () => {
    const { cipher, clock } = setup({ recipients: [offline], timeoutMs: 300 })
    const ended: (string | undefined)[] = []
    for (const run of [() => cipher.mint(binding), () => cipher.currentKeks(binding)]) {
      void codeOf(run).then((code) => ended.push(code))
    }
    await clock.advance(300)
    expect(ended).toEqual(['ERR_KMS_UNAVAILABLE', 'ERR_KMS_UNAVAILABLE'])
  })

  test('and no call is made when it has passed already', async () => {
    const { cipher, clock, kms } = setup()
    const { metadata } = await store(cipher)
    cipher.forgetAll()
    kms.clearCalls()
    expect(await codeOf(() => cipher.open(metadata, binding, { deadline: clock.now() }))).toBe('ERR_KMS_UNAVAILABLE')
    expect(await codeOf(() => cipher.mint(binding, { deadline: clock.now() }))).toBe('ERR_KMS_UNAVAILABLE')
    expect(callsOf(kms)).toEqual([[]])
  })
})

describe('a shared unwrap', () => {
  const withSlowKms = async (ms: number) => {
    const env = setup()
    const { metadata, field } = await store(env.cipher, 'kept')
    env.cipher.forgetAll()
    env.kms.clearCalls()
    env.kms.faults.inject(slow(ms))
    return { ...env, metadata, field }
  }

  test('goes on for the others when the one who started it gives up', async () => {
    const { cipher, clock, kms, metadata, field } = await withSlowKms(100)
    const controller = new AbortController()
    const first = codeOf(() => cipher.open(metadata, binding, { signal: controller.signal }))
    const second = Promise.allSettled([cipher.open(metadata, binding)])
    controller.abort(new Error('enough'))
    expect(await first).toContain('enough')
    await clock.advance(100)
    const [opened] = await second
    expect(opened).toMatchObject({ status: 'fulfilled' })
    expect((opened as PromiseFulfilledResult<OpenEnvelope>).value.decryptField(password, field)).toBe('kept')
    expect(callsOf(kms)).toEqual([['unwrap']])
  })

  test('goes on for the others when the one who started it is out of time', async () => {
    const { cipher, clock, kms, metadata, field } = await withSlowKms(100)
    const first = codeOf(() => cipher.open(metadata, binding, { deadline: clock.now() + 50 }))
    const second = cipher.open(metadata, binding)
    await clock.advance(100)
    expect(await first).toBe('ERR_KMS_UNAVAILABLE')
    expect((await second).decryptField(password, field)).toBe('kept')
    expect(callsOf(kms)).toEqual([['unwrap']])
  })

  test('may take as long as the one who started it waits', async () => {
    const { cipher, clock, metadata, field } = await withSlowKms(30_000)
    const opened = cipher.open(metadata, binding, { deadline: clock.now() + 60_000 })
    await clock.advance(30_000)
    expect((await opened).decryptField(password, field)).toBe('kept')
  })
})

test('no timer outlives its operation', async () => {
  const offline = kmsNamed('offline')
  const recipient = {
    name: 'offline',
    currentKek: offline.currentKek.bind(offline),
    wrap: offline.wrap.bind(offline),
  }
  const { cipher, clock, kms } = setup({ recipients: [kmsNamed('second'), recipient] })
  const { metadata } = await store(cipher)
  cipher.forgetAll()
  await cipher.open(metadata, binding)
  kms.kms.rotate()
  await cipher.rewrap(metadata, binding)
  kms.kms.disable('1')
  cipher.forgetAll()
  await codeOf(() => cipher.open({ ...metadata, wraps: metadata.wraps.slice(0, 1) }, binding))
  expect(clock.pendingTimers).toBe(0)
})

test('a recipient keeps what it was given: its name, and its own this', async () => {
  const kms = kmsNamed('offline')
  const { cipher } = setup({
    recipients: [{ name: kms.name, currentKek: kms.currentKek.bind(kms), wrap: kms.wrap.bind(kms) }],
  })
  expect((await cipher.currentKeks(binding)).map(({ provider }) => provider)).toEqual(['small', 'offline'])
})
