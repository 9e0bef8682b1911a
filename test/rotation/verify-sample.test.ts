import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { EnvelopeCipher } from '../../src/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { nothing, Rotating } from './rotating.js'

let r: Rotating
beforeEach(async () => {
  r = await Rotating.create()
})
afterEach(() => r.drop())

const journal = async () => (await r.pool.query('SELECT count(*)::int FROM waxseal.rewrap_journal')).rows[0].count
const calls = (operation: string) => r.credentials.provider.calls.filter((call) => call.operation === operation).length

test('the old wraps are kept until the run has ended and a sample was opened, which spares the proof of each', async () => {
  await r.insert(8)
  r.credentials.provider.kms.rotate()
  r.credentials.provider.clearCalls()
  const kept: number[] = []
  const report = await r.rotate({
    verify: 'sample',
    sampleRows: 3,
    onEvent: async ({ type }) => {
      if (type === 'ended') kept.push(await journal())
    },
  })
  expect(report).toMatchObject({ ...nothing, rewrapped: 8, compared: 8, opened: 3 })
  expect(kept).toEqual([8])
  expect(await journal()).toBe(0)
  expect(calls('unwrap')).toBe(3)
  for (const { id } of (await r.credentials.query('SELECT id FROM {table}')).rows) {
    expect(await r.credentials.decrypt(await r.credentials.read(id as string))).toBeDefined()
  }
})

test('where a wrap of the sample does not open, every row is opened, and such rows get their old wraps back', async () => {
  const rows = await r.insert(6)
  r.credentials.provider.kms.rotate()
  const broken = new Set([rows[1]!.id, rows[4]!.id])
  const cipher = r.intercepted(async (rewrap, binding) => {
    const next = await rewrap()
    if (!broken.has(binding.row!)) return next
    // A KMS that has answered with something else.
    return { ...next, wraps: next.wraps.map((wrap) => ({ ...wrap, dataKey: randomBytes(60).toString('base64url') })) }
  })
  expect(await r.rotate({ cipher, verify: 'sample' })).toMatchObject({ rewrapped: 6, opened: 4, restored: 2 })
  expect(await journal()).toBe(0)
  for (const row of rows) {
    const stored = await r.credentials.read(row.id)
    const { wrap, wraps } = stored.encryption_metadata
    expect(wrap).toBe(broken.has(row.id) ? 3 : 2)
    if (broken.has(row.id)) expect(wraps).toEqual(row.encryption_metadata.wraps)
    expect(await r.credentials.decrypt(stored)).toMatchObject({ password: expect.stringContaining('password') })
  }
})

test('a run that was killed before its verification is verified by the next one', async () => {
  await r.insert(4)
  r.credentials.provider.kms.rotate()
  const { cipher } = r.credentials
  const mute = { ...r.intercepted((rewrap) => rewrap()), open: () => Promise.reject(new Error('killed')) }
  await expect(r.rotate({ cipher: mute, verify: 'sample' })).rejects.toThrow('killed')
  expect(await journal()).toBe(4)
  expect(await r.rotate({ cipher })).toMatchObject(nothing)
  expect(await journal()).toBe(0)
})

test('each wrap is opened, that of a recipient too', async () => {
  await r.insert(1)
  const recipient = new FaultyProvider({ name: 'second' })
  const cipher = new EnvelopeCipher({ provider: r.credentials.provider, recipients: [recipient] })
  expect(await r.rotate({ cipher, verify: 'sample' })).toMatchObject({ rewrapped: 1, opened: 1 })
  expect(recipient.calls.map(({ operation }) => operation)).toContain('unwrap')
})

test('with "each", no wrap is stored that was not unwrapped', async () => {
  await r.insert(4)
  r.credentials.provider.kms.rotate()
  r.credentials.provider.clearCalls()
  expect(await r.rotate()).toMatchObject({ rewrapped: 4, opened: 0 })
  expect(calls('unwrap')).toBe(4)
})
