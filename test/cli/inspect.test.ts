import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { EnvelopeCipher, formatBytes, formatText, metadataToJson } from '../../src/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { canary, waxseal } from '../setup/cli.js'

const cipher = new EnvelopeCipher({
  provider: new FaultyProvider(),
  recipients: [new FaultyProvider({ name: 'second' })],
})
const spec = { id: 'credential.password', kind: 'text' } as const

async function stored(plaintext = 'twelve bytes') {
  const envelope = await cipher.mint({ entity: 'credential', context: {} })
  const encrypted = envelope.encryptField(spec, plaintext)
  const hex = `\\x${formatBytes(encrypted).toString('hex')}`
  return { metadata: metadataToJson(envelope.metadata) as any, field: formatText(encrypted), hex }
}

async function inspect(stdin: string, ...args: string[]) {
  return waxseal(['inspect', ...args], { stdin })
}

async function explained(stdin: string) {
  const { status, stdout, stderr } = await inspect(stdin, '--json')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('explains both, and that they belong together', async () => {
  const { metadata, field } = await stored()
  const { status, stdout, stderr } = await inspect(JSON.stringify({ metadata, field }))
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout.split('\n')).toEqual([
    'encryption metadata',
    '  state        wrapped: the data key is stored, wrapped by a KEK',
    '  format       1',
    `  envelope id  ${metadata.id}`,
    `  commitment   ${metadata.commitment}`,
    '  wrapped      once',
    expect.stringMatching(/^ {2}wrap 1 {7}fake:fake-kek@1, \d{4}-\d\d-\d\dT[\d:]{8}Z, \d+ bytes$/),
    expect.stringMatching(/^ {2}wrap 2 {7}second:fake-kek@1, /),
    'field',
    '  format       1, AES-256-GCM',
    `  commitment   ${metadata.commitment}`,
    '  plaintext    12 bytes',
    '  stored       40 bytes: IV, ciphertext, tag',
    '  belongs      yes: same data key',
    '',
  ])
})

test('takes them one a line, as text or as bytes, and as JSON over several lines', async () => {
  const { metadata, field, hex } = await stored()
  const expected = { ok: true, fields: [{ plaintextBytes: 12, belongs: true }], metadata: { id: metadata.id } }
  for (const input of [
    `${JSON.stringify(metadata)}\n${field}\n`,
    `${hex}\r\n${JSON.stringify(metadata)}`,
    JSON.stringify({ metadata, field: hex }, null, 2),
  ]) {
    expect(await explained(input)).toMatchObject(expected)
  }
})

test('takes one of them alone', async () => {
  const { metadata, field } = await stored()
  expect(await explained(JSON.stringify(metadata, null, 2))).toMatchObject({
    ok: true,
    metadata: { state: 'wrapped', wrap: 1 },
    fields: [],
  })
  expect(await explained(field)).toEqual({
    ok: true,
    fields: [{ format: 1, commitment: metadata.commitment, plaintextBytes: 12, storedBytes: 40 }],
  })
})

test('explains an empty and a shredded envelope', async () => {
  expect(await explained('{}')).toMatchObject({ metadata: { state: 'empty' }, ok: true })
  const { metadata, field } = await stored()
  const { id, commitment } = metadata
  const shredded = { format: 1, id, commitment, shredded: 'receipt-7' }
  const found = await explained(`${JSON.stringify(shredded)}\n${field}`)
  expect(found).toMatchObject({ ok: true, metadata: { state: 'shredded', receipt: 'receipt-7' } })
  expect((await inspect('{}')).stdout).toContain('empty: no envelope')
})

test('exit code 1 for a field of another data key, and for one beside empty metadata', async () => {
  const [one, two] = [await stored(), await stored()]
  for (const metadata of [two.metadata, {}]) {
    const human = await inspect(JSON.stringify({ metadata, field: one.field }))
    expect(human).toMatchObject({
      status: 1,
      stderr: '',
      stdout: expect.stringMatching(/belongs {6}no: another data key/),
    })
    const json = await inspect(JSON.stringify({ metadata, field: one.field }), '--json')
    expect(json.status).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, fields: [{ belongs: false }] })
  }
})

describe('exit code 4 for what is no envelope, without a word of it:', () => {
  const secret = canary()
  const cases: [name: string, input: () => Promise<string>, message: RegExp][] = [
    ['nothing', async () => '', /expected encryption metadata, a field .*, or both, found neither/],
    ['a plaintext', async () => secret, /found neither/],
    ['a plaintext that begins alike', async () => `ws1:${secret}`, /not a field of format 1: expected a commitment/],
    ['another format', async () => `ws2:${secret}`, /expected it to start with "ws1:"/],
    ['other JSON', async () => JSON.stringify({ password: secret }), /"format" must be 1/],
    ['a list', async () => JSON.stringify([secret]), /it must be an object/],
    [
      'metadata with a member too many',
      async () => JSON.stringify({ ...(await stored()).metadata, note: secret }),
      /must have exactly the members/,
    ],
    [
      'bytes of another kind',
      async () => `\\x${Buffer.from(secret).toString('hex')}`,
      /expected the first byte to be 1/,
    ],
    ['a second line that is none', async () => `${(await stored()).field}\n${secret}`, /line 2: /],
    [
      'the metadata of two rows',
      async () => `${JSON.stringify((await stored()).metadata)}\n${JSON.stringify((await stored()).metadata)}`,
      /expected the metadata of one row/,
    ],
  ]
  for (const [name, input, message] of cases) {
    test(name, async () => {
      const { status, stdout, stderr } = await inspect(await input())
      expect({ status, stdout }).toEqual({ status: 4, stdout: '' })
      expect(stderr).toMatch(message)
      expect(stderr).not.toContain(secret)
    })
  }
})

test('a ciphertext is never printed', async () => {
  const { metadata, field } = await stored(randomBytes(32).toString('hex'))
  const { stdout } = await inspect(JSON.stringify({ metadata, field }))
  expect(stdout).not.toContain(field.slice(48))
  expect(stdout).not.toContain(metadata.wraps[0].dataKey)
})
