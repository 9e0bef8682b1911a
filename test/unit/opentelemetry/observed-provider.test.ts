import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Histogram } from '@opentelemetry/sdk-metrics'
import { connectCipher } from '../../../src/config/index.js'
import { InMemoryCallLedger, KmsUnavailableError } from '../../../src/index.js'
import { ObservedProvider } from '../../../src/opentelemetry/index.js'
import { FaultyProvider, faults } from '../../../src/testing/index.js'
import { findTracesIn } from '../../setup/traces.js'
import { registerSdk } from './sdk.js'

const CONTEXT = { tenant: 'tenant-1', account: 'account-1' }
const binding = { entity: 'credential', row: '1', context: CONTEXT }

let sdk: ReturnType<typeof registerSdk>
beforeAll(() => {
  sdk = registerSdk()
})
afterEach(() => sdk.reset())
afterAll(() => sdk.shutdown())

async function durations() {
  const data = (await sdk.metrics())['waxseal.kms.duration']
  return (data?.dataPoints ?? []) as { attributes: object; value: Histogram }[]
}
const countOf = async (attributes: object) => {
  const points = (await durations()).filter((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes))
  return points[0]?.value.count ?? 0
}

test('each of the five operations is a span with the KEK that was used', async () => {
  const provider = new ObservedProvider(new FaultyProvider({ name: 'five' }))
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  await provider.currentKek(CONTEXT)
  await provider.wrap(dataKey, CONTEXT)
  await provider.unwrap(wrapped, CONTEXT)
  await provider.rewrap(wrapped, CONTEXT)
  expect(sdk.spans().map(({ name }) => name)).toEqual([
    ...['kms generateDataKey', 'kms currentKek', 'kms wrap', 'kms unwrap', 'kms rewrap'],
  ])
  for (const { name, kind, attributes, status } of sdk.spans()) {
    const operation = name.slice('kms '.length)
    expect({ kind, attributes, status }).toEqual({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'waxseal.provider': 'five',
        'waxseal.operation': operation,
        'waxseal.kek.id': wrapped.kek.id,
        'waxseal.kek.version': wrapped.kek.version,
      },
    })
    await expect(countOf({ 'waxseal.provider': 'five', 'waxseal.operation': operation })).resolves.toBe(1)
  }
})

test('durations are seconds, in buckets that tell a fast KMS from a slow one', async () => {
  const provider = new ObservedProvider(new FaultyProvider({ name: 'fast' }))
  await provider.currentKek(CONTEXT)
  const { value } = (await durations()).at(-1)!
  expect(value.buckets.boundaries.filter((boundary) => boundary < 1).length).toBeGreaterThan(5)
  expect(value.sum).toBeLessThan(5)
  expect((await sdk.metrics())['waxseal.kms.duration']!.descriptor.unit).toBe('s')
})

describe('a failed attempt', () => {
  const cases: [string, Error, object][] = [
    [
      'of a KMS that has too much to do',
      new KmsUnavailableError('x', { reason: 'throttled' }),
      { 'error.type': 'ERR_KMS_UNAVAILABLE', 'waxseal.reason': 'throttled' },
    ],
    ['of an error that nobody knows', new Error('unknown'), { 'error.type': '_OTHER' }],
  ]
  for (const [what, error, attributes] of cases) {
    test(`${what} is a span and a measurement with the class of the error`, async () => {
      const inner = new FaultyProvider({ name: randomUUID() })
      inner.faults.inject({ transport: () => Promise.reject(error) })
      await expect(new ObservedProvider(inner).currentKek(CONTEXT)).rejects.toBe(error)
      const [span] = sdk.spans()
      expect(span!.attributes).toMatchObject(attributes)
      expect(span!.status).toEqual({ code: SpanStatusCode.ERROR })
      const common = { 'waxseal.provider': inner.name, 'waxseal.operation': 'currentKek' }
      await expect(countOf({ ...common, ...attributes })).resolves.toBe(1)
    })
  }
})

test('values of the context are in spans when their pairs are allowed, and never in metrics', async () => {
  const provider = new ObservedProvider(new FaultyProvider(), { contextPairs: ['tenant', 'absent', 'toString'] })
  await provider.currentKek(CONTEXT)
  const { attributes } = sdk.spans()[0]!
  expect(Object.entries(attributes).filter(([name]) => name.startsWith('waxseal.context'))).toEqual([
    ['waxseal.context.tenant', 'tenant-1'],
  ])
  expect(JSON.stringify(attributes)).not.toContain('account-1')
  expect(JSON.stringify(await sdk.metrics())).not.toContain('tenant-1')
})

test('no value of the context is in a span unless its pair is allowed', async () => {
  await new ObservedProvider(new FaultyProvider()).currentKek(CONTEXT)
  expect(JSON.stringify(sdk.spans()[0]!.attributes)).not.toMatch(/tenant-1|account-1/)
})

test('a mistyped option is refused', () => {
  const options = { contextPair: ['tenant'] } as never
  expect(() => new ObservedProvider(new FaultyProvider(), options)).toThrow(/unknown option "contextPair"/)
  expect(() => new ObservedProvider(new FaultyProvider(), { contextPairs: 'tenant' as never })).toThrow(
    /must be a list/,
  )
})

describe('with connectCipher', () => {
  test('each attempt is a span of its own: inside the retry, outside the ledger, child of the active span', async () => {
    const ledger = new InMemoryCallLedger()
    const inner = new FaultyProvider()
    inner.faults.inject(faults.throttle(), { times: 1 })
    let activeAtKms: string | undefined
    inner.faults.inject(
      faults.precededBy(() => {
        activeAtKms = trace.getActiveSpan()?.spanContext().spanId
      }),
      { operation: 'unwrap' },
    )
    const cipher = await connectCipher({
      configuration: { provider: inner },
      ledger,
      retry: { initialDelayMs: 0 },
      decorate: (provider) => new ObservedProvider(provider),
    })
    const request = trace.getTracer('application').startActiveSpan('request', async (span) => {
      await cipher.mint(binding)
      span.end()
      return span.spanContext().spanId
    })
    const requestId = await request
    const spans = sdk.spans().filter(({ name }) => name.startsWith('kms '))
    expect(spans.map(({ name }) => name)).toEqual(['kms generateDataKey', 'kms generateDataKey', 'kms unwrap'])
    expect(new Set(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId))).toEqual(new Set([requestId]))
    expect(activeAtKms).toBe(spans[2]!.spanContext().spanId)
    expect(ledger.counts()).toEqual({ generateDataKey: 2, unwrap: 1 })
  })

  test('nothing that is measured holds a plaintext, a data key or what an error says', async () => {
    const message = `message-${randomUUID()}`
    const keys: Buffer[] = []
    const inner = new FaultyProvider()
    const cipher = await connectCipher({
      configuration: { provider: inner },
      cache: false,
      decorate: (provider) => new ObservedProvider(provider, { contextPairs: ['tenant'] }),
    })
    const open = inner.unwrap.bind(inner)
    inner.unwrap = async (...args) => {
      const dataKey = await open(...args)
      dataKey.withBytes((bytes) => keys.push(Buffer.from(bytes)))
      return dataKey
    }
    const envelope = await cipher.mint(binding)
    const plaintext = `plaintext-${randomUUID()}`
    const field = envelope.encryptField({ id: 'credential.password', kind: 'text' }, plaintext)
    const opened = await cipher.open(envelope.metadata, binding)
    expect(opened.decryptField({ id: 'credential.password', kind: 'text' }, field)).toBe(plaintext)
    inner.faults.inject({ transport: () => Promise.reject(new Error(message)) })
    await expect(cipher.open(envelope.metadata, binding)).rejects.toThrow(message)

    const told = sdk.spans().map(({ name, attributes, events, links, status }) => {
      return JSON.stringify({ name, attributes, events, links, status })
    })
    const places = [
      { where: 'spans', text: told.join('\n') },
      { where: 'metrics', text: JSON.stringify(await sdk.metrics()) },
    ]
    expect(keys.length).toBeGreaterThan(0)
    for (const canary of [plaintext, message, ...keys]) expect(findTracesIn(places, canary)).toEqual([])
    // The search finds what is there.
    expect(findTracesIn(places, CONTEXT.tenant)).not.toEqual([])
  })
})
