import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { EnvelopeCipher } from '../../src/index.js'
import type { KmsReply } from '../../src/kms/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { STUB_KEY, type StubRequest, stubVault } from './vault-stub.js'
import { inTens, vaultUnderTest } from './vault-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('vault')
})
afterAll(() => server.close())

const contexts = (count: number) => Array.from({ length: count }, () => ({ row: randomUUID() }))

async function generated(count: number) {
  const underTest = await vaultUnderTest(server)
  const { provider, control } = underTest
  const bound = contexts(count)
  const keys = await inTens(bound, (context) => provider.generateDataKey(context))
  await control.newKekVersion()
  const before = control.vendorCalls().length
  const rewraps = () =>
    control
      .vendorCalls()
      .slice(before)
      .filter((operation) => operation === 'rewrap').length
  return { provider, control, bound, keys, rewraps }
}

test('the rewraps of one tick are one request for each 150, in order', async () => {
  const { provider, bound, keys, rewraps } = await generated(151)
  const rewrapped = await Promise.all(keys.map(({ wrapped }, i) => provider.rewrap(wrapped, bound[i]!)))
  expect(rewraps()).toBe(2)
  const opened = await inTens(rewrapped, (each, i) => provider.unwrap(each, bound[i]!))
  for (const [i, dataKey] of opened.entries()) expect(dataKey.keyObject.equals(keys[i]!.dataKey.keyObject)).toBe(true)
  expect(new Set(rewrapped.map(({ kek }) => kek.version))).toEqual(new Set(['2']))
})

test('one that cannot be rewrapped fails alone, and each hears of its own result', async () => {
  const { provider, bound, keys, rewraps } = await generated(3)
  const replies: KmsReply[][] = [[], [], []]
  const settled = await Promise.allSettled(
    keys.map(({ wrapped }, i) => {
      const onReply = (reply: KmsReply) => void replies[i]!.push(reply)
      return provider.rewrap(wrapped, i === 1 ? { row: 'another' } : bound[i]!, { onReply })
    }),
  )
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(settled[1]).toMatchObject({ reason: { code: 'ERR_DECRYPTION_FAILED', kek: keys[1]!.wrapped.kek } })
  expect(rewraps()).toBe(1)
  const failed = 'status 400 (authentication failed)'
  expect(replies.map((each) => each.at(-1)!.status)).toEqual(['ok', failed, 'ok'])
  expect(new Set(replies.map((each) => each.at(-1)!.requestId)).size).toBe(1)
})

test('one that is given up leaves the others their request, and the last one ends it', async () => {
  const { provider, control, bound, keys, rewraps } = await generated(2)
  // The key is looked up already, so that what hangs is the batch.
  await provider.currentKek({})
  await control.hang()
  const controllers = keys.map(() => new AbortController())
  const ended: number[] = []
  const calls = keys.map(({ wrapped }, i) =>
    provider.rewrap(wrapped, bound[i]!, { signal: controllers[i]!.signal }).catch((reason: unknown) => {
      ended.push(i)
      return reason
    }),
  )
  while (rewraps() < 1) await new Promise(setImmediate)
  for (const [i, controller] of controllers.entries()) {
    controller.abort(`given up ${i}`)
    await expect(calls[i]).resolves.toBe(`given up ${i}`)
    expect(ended).toEqual(i === 0 ? [0] : [0, 1])
  }
})

/** Vault's answer to a batch, with what `change` makes of the results. */
function batchOf({ body }: StubRequest, change: (results: Record<string, unknown>[]) => unknown[], status = 200) {
  const results = body.batch_input.map(({ ciphertext, reference }: { ciphertext: string; reference: string }) => {
    return { ciphertext: ciphertext.replace('v1', 'v2'), key_version: 2, reference }
  })
  return { status, body: { data: { batch_results: change(results) } } }
}

async function stubbedRewraps(change: (results: Record<string, unknown>[]) => unknown[], status = 200) {
  const stub = await stubVault((request) =>
    request.method === 'GET' ? { body: { data: STUB_KEY } } : batchOf(request, change, status),
  )
  const kek = { provider: 'vault', id: 'transit/stub', version: '1' }
  const calls = contexts(3).map((context, i) => {
    const bytes = Buffer.from(`vault:v1:${Buffer.alloc(60, i).toString('base64')}`)
    return stub.provider.rewrap({ kek, bytes }, context)
  })
  const settled = await Promise.allSettled(calls)
  await stub.close()
  return settled
}

const WRONG: readonly (readonly [string, (results: Record<string, unknown>[]) => unknown[], string])[] = [
  ['swapped batch replies', (results) => results.toReversed(), 'in another order'],
  ['a batch reply without references', (all) => all.map(({ reference: _, ...each }) => each), 'in another order'],
  ['a batch reply of another batch', (all) => all.map((each) => ({ ...each, reference: '9' })), 'in another order'],
  ['a batch reply with too few results', (results) => results.slice(1), 'an incomplete reply'],
  ['a batch reply without ciphertexts', (all) => all.map(({ reference }) => ({ reference })), 'an incomplete reply'],
]
for (const [what, change, message] of WRONG) {
  test(`${what}: none of them is taken`, async () => {
    const settled = await stubbedRewraps(change)
    for (const each of settled)
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CONFIGURATION' } })
    expect(String((settled[0] as PromiseRejectedResult).reason)).toContain(message)
  })
}

test('results that come with status 400, as Vault answers where an item failed, are taken one by one', async () => {
  const failed = { error: 'cipher: message authentication failed', reference: '2' }
  const settled = await stubbedRewraps(([first, , third]) => [first, failed, third], 400)
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(settled[1]).toMatchObject({ reason: { code: 'ERR_DECRYPTION_FAILED' } })
})

test('swapped batch replies: ciphertexts under the references of others are never stored', async () => {
  const { provider, control } = await vaultUnderTest(server)
  const cipher = new EnvelopeCipher({ provider, cache: false })
  const bindings = contexts(2).map(({ row }) => ({ entity: 'credential', row, context: {} }))
  const minted = await Promise.all(bindings.map((binding) => cipher.mint(binding)))
  await control.newKekVersion()
  const swapping = {
    ...{ name: 'vault', currentKek: provider.currentKek.bind(provider), wrap: provider.wrap.bind(provider) },
    ...{ generateDataKey: provider.generateDataKey.bind(provider), unwrap: provider.unwrap.bind(provider) },
    rewrap: swappedInPairs(provider.rewrap.bind(provider)),
  }
  const swapped = new EnvelopeCipher({ provider: swapping, cache: false })
  const settled = await Promise.allSettled(minted.map(({ metadata }, i) => swapped.rewrap(metadata, bindings[i]!)))
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

/** Hands each of two calls what the other one asked for. */
function swappedInPairs<A extends unknown[], R>(call: (...args: A) => Promise<R>) {
  let other: { readonly result: Promise<R>; readonly take: (result: Promise<R>) => void } | undefined
  return (...args: A): Promise<R> => {
    const result = call(...args)
    if (!other) return new Promise<R>((take) => (other = { result, take }))
    other.take(result)
    return other.result
  }
}
