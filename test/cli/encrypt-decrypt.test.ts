import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connectLocal } from '../../providers/local/connect.js'
import { generateLocalKey } from '../../providers/local/index.js'
import { EnvelopeCipher, metadataFromJson, parseBytes, parseText } from '../../src/index.js'
import { canary, type Project, project, type RunOptions, waxseal } from '../setup/cli.js'

const keys = `1:${generateLocalKey()}`
const section = { name: 'local', keys, currentKey: 1 }
const id = randomUUID()
const tenant = randomUUID()
const place = ['--entity', 'credential', '--field', 'credential.password', '--row', id, '--context', `tenant=${tenant}`]

let free: Project
let declared: Project
beforeAll(() => {
  free = project({ 'waxseal.config.json': JSON.stringify({ provider: section }) })
  const table = {
    entity: 'credential',
    table: 'credential',
    primaryKey: { id: 'uuid' },
    fields: [
      { column: 'password' },
      { column: 'key', kind: 'bytes', type: 'bytea' },
      { column: 'oauth', kind: 'json' },
    ],
    context: { tenant: { column: 'tenant_id', type: 'uuid' } },
  }
  const slot = {
    entity: 'slot',
    table: 'slot',
    primaryKey: { org: 'integer', slot: 'text' },
    fields: [{ column: 'password' }],
  }
  declared = project({ 'waxseal.config.json': JSON.stringify({ provider: section, tables: [table, slot] }) })
})
afterAll(() => {
  free.remove()
  declared.remove()
})

interface Stored {
  metadata: any
  field: string
}

async function encrypt(args: string[], stdin: string | Uint8Array, options: RunOptions = {}): Promise<Stored> {
  const { status, stdout, stderr } = await waxseal(['encrypt', ...args], { cwd: free.folder, ...options, stdin })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

const decrypt = (args: string[], stored: unknown, options: RunOptions = {}) =>
  waxseal(['decrypt', ...args], { cwd: free.folder, stdin: JSON.stringify(stored), ...options })

describe('a value comes back byte for byte', () => {
  const values: [name: string, kind: string, value: string][] = [
    ['text', 'text', 'pässword ☕'],
    ['text with a byte order mark and line breaks', 'text', '\ufeffa\n\nb\n'],
    ['JSON', 'json', '{"a":[1,null,"ü"]}'],
    ['64 KiB', 'text', 'x'.repeat(65_536)],
  ]
  for (const [name, kind, value] of values) {
    test(name, async () => {
      const args = [...place, '--kind', kind]
      const { status, stdout, stderr } = await decrypt(args, await encrypt(args, value))
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: value, stderr: '' })
    })
  }

  test('bytes, which are no text', async () => {
    const args = [...place, '--kind', 'bytes']
    const stored = await encrypt(args, Buffer.from([0, 255, 128, 10]))
    const cipher = new EnvelopeCipher({ provider: await connectLocal({ keys, currentKey: 1 }) })
    const binding = { entity: 'credential', row: id, context: { tenant } }
    const envelope = await cipher.open(metadataFromJson(stored.metadata), binding)
    const spec = { id: 'credential.password', kind: 'bytes' } as const
    expect(envelope.decryptField(spec, parseText(stored.field))).toEqual(Buffer.from([0, 255, 128, 10]))
  })
})

test('standard output is the result alone, and the plaintext appears nowhere', async () => {
  const secret = canary()
  const { stdout, stderr } = await waxseal(['encrypt', ...place], { cwd: free.folder, stdin: secret })
  expect(stderr).toBe('')
  expect(Object.keys(JSON.parse(stdout))).toEqual(['metadata', 'field'])
  expect(stdout).not.toContain(secret)
  expect(stdout).not.toContain(Buffer.from(secret).toString('base64url').slice(2, -2))
})

test('a value that ends in its only line break gets a note, and keeps it', async () => {
  const run = (stdin: string) => waxseal(['encrypt', ...place], { cwd: free.folder, stdin })
  const noted = await run('password\n')
  expect(noted.status).toBe(0)
  expect(noted.stderr).toMatch(/^note: the value ends with a line break, which is encrypted with it/)
  expect((await decrypt(place, JSON.parse(noted.stdout))).stdout).toBe('password\n')
  expect((await run('-----BEGIN-----\nabc\n-----END-----\n')).stderr).toBe('')
})

test('an empty value has to be meant', async () => {
  const refused = await waxseal(['encrypt', ...place], { cwd: free.folder })
  expect(refused).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/found nothing; pass --allow-empty/),
  })
  const stored = await encrypt([...place, '--allow-empty'], '')
  expect(await decrypt(place, stored)).toMatchObject({ status: 0, stdout: '' })
})

describe('exit code 4 and no plaintext for', () => {
  let stored: Stored
  const secret = canary()
  beforeAll(async () => {
    stored = await encrypt(place, secret)
  })

  const other = (name: string, value: string) => place.map((arg, index) => (place[index - 1] === name ? value : arg))
  const cases: [name: string, args: string[]][] = [
    ['another row', other('--row', randomUUID())],
    ['another tenant', other('--context', `tenant=${randomUUID()}`)],
    ['another field', other('--field', 'credential.oauth')],
    ['another entity', other('--entity', 'other')],
    ['another kind', [...place, '--kind', 'json']],
    ['no row', place.slice(0, 4)],
  ]
  for (const [name, args] of cases) {
    test(name, async () => {
      expect(await decrypt(args, stored)).toEqual({ status: 4, stdout: '', stderr: 'waxseal: decryption failed\n' })
    })
  }

  test('a ciphertext that was altered', async () => {
    const at = stored.field.length - 10
    const field = `${stored.field.slice(0, at)}${stored.field[at] === 'A' ? 'B' : 'A'}${stored.field.slice(at + 1)}`
    expect(await decrypt(place, { ...stored, field })).toMatchObject({ status: 4, stdout: '' })
  })

  test('a KEK that is not configured', async () => {
    const [wrap] = stored.metadata.wraps
    const wraps = [{ ...wrap, kek: { ...wrap.kek, provider: 'aws' } }]
    const { status, stderr } = await decrypt(place, { ...stored, metadata: { ...stored.metadata, wraps } })
    expect(status).toBe(4)
    expect(stderr).toMatch(/the envelope names aws:local@.*, which is not on the list of accepted KEKs/)
  })

  test('a field without metadata, and input that is neither', async () => {
    for (const stdin of [stored.field, JSON.stringify(stored.metadata), secret, '']) {
      const { status, stdout, stderr } = await waxseal(['decrypt', ...place], { cwd: free.folder, stdin })
      expect({ status, stdout }).toEqual({ status: 4, stdout: '' })
      expect(stderr).not.toContain(secret)
    }
  })
})

describe('input that is not of the kind is refused without being repeated:', () => {
  const secret = canary()
  const cases: [kind: string, input: string | Uint8Array, message: RegExp][] = [
    [
      'text',
      Buffer.concat([Buffer.from(secret), Buffer.from([0xff])]),
      /expected UTF-8 text on standard input, found other bytes; pass --kind bytes/,
    ],
    ['json', `{"${secret}`, /expected JSON on standard input, found something else/],
  ]
  for (const [kind, input, message] of cases) {
    test(kind, async () => {
      const { status, stdout, stderr } = await waxseal(['encrypt', ...place, '--kind', kind], {
        cwd: free.folder,
        stdin: input,
      })
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(message)
      expect(stderr).not.toContain(secret)
    })
  }
})

describe('where tables are declared', () => {
  const run = (args: string[]) => waxseal(['encrypt', ...args], { cwd: declared.folder, stdin: 'x' })

  test('a uuid is bound as Postgres spells it', async () => {
    const upper = place.map((arg) => arg.replace(id, id.toUpperCase()).replace(tenant, tenant.toUpperCase()))
    const stored = await encrypt(upper, 'x', { cwd: declared.folder })
    expect((await decrypt(place, stored)).stdout).toBe('x')
  })

  test('kind and form are those of the column', async () => {
    const args = place.map((arg) => arg.replace('credential.password', 'credential.key'))
    const stored = await encrypt(args, Buffer.from([1, 2]), { cwd: declared.folder })
    expect(stored.field).toMatch(/^\\x01/)
    expect(parseBytes(Buffer.from(stored.field.slice(2), 'hex')).commitment).toBe(stored.metadata.commitment)
    const { stdout } = await decrypt(args, stored, { cwd: declared.folder })
    expect(Buffer.from(stdout)).toEqual(Buffer.from([1, 2]))
  })

  test('several columns are bound in their order', async () => {
    const slot = (...row: string[]) => [
      '--entity',
      'slot',
      '--field',
      'slot.password',
      ...row.flatMap((value) => ['--row', value]),
    ]
    const stored = await encrypt(slot('7', 'a'), 'x', { cwd: declared.folder })
    expect((await decrypt(slot('7', 'a'), stored)).stdout).toBe('x')
    expect(await run(slot('a', '7'))).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--row: expected an integer/),
    })
  })

  const cases: [name: string, args: string[], message: RegExp][] = [
    ['another entity', ['--entity', 'x', '--field', 'x.y'], /--entity: expected one of credential, slot/],
    [
      'another field',
      ['--entity', 'credential', '--field', 'x'],
      /--field: expected one of credential\.password, credential\.key, credential\.oauth/,
    ],
    ['another kind', [...place, '--kind', 'json'], /--kind: expected text/],
    ['no row', place.filter((arg) => arg !== '--row' && arg !== id), /--row: expected one for each of id/],
    ['no pair', place.slice(0, 6), /--context: expected exactly the pairs tenant/],
    ['a pair too many', [...place, '--context', 'region=eu'], /--context: expected exactly the pairs tenant/],
    ['a tenant that is no uuid', [...place.slice(0, 6), '--context', 'tenant=acme'], /--context: expected a uuid/],
  ]
  for (const [name, args, message] of cases) {
    test(`${name} is refused`, async () => {
      const { status, stdout, stderr } = await run(args)
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(message)
    })
  }
})
