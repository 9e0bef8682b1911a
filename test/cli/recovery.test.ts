import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { LocalProvider } from '../../providers/local/index.js'
import { parsePublicKey } from '../../providers/offline/index.js'
import { EnvelopeCipher, formatBytes, formatText, metadataToJson } from '../../src/index.js'
import { canary, waxseal } from '../setup/cli.js'
import { confirmedKey, env, recipientOfFiles } from './recovery-files.js'

const FIELDS = [
  { id: 'credential.password', kind: 'text' },
  { id: 'credential.oauth', kind: 'json' },
  { id: 'credential.certificate', kind: 'bytes' },
] as const

let folder: string
const file = (name: string) => join(folder, name)
const save = (name: string, content: string) => writeFileSync(file(name), content)

const recipientOf = (name: string) => recipientOfFiles(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waxseal-recovery-'))
  await confirmedKey(folder, 'private')
})
afterAll(() => rmSync(folder, { recursive: true }))

test('the private half is a file that only its owner reads, and is never overwritten', async () => {
  expect(statSync(file('private.pem')).mode & 0o777).toBe(0o600)
  const before = readFileSync(file('private.pem'))
  const again = await waxseal(['recovery-key', 'create', file('private.pem'), file('other.pem')], { env })
  expect(again).toMatchObject({ status: 2, stdout: '' })
  expect(readFileSync(file('private.pem')).equals(before)).toBe(true)
  expect(existsSync(file('other.pem'))).toBe(false)
})

test('an answer to another challenge confirms nothing', async () => {
  save('second.json', (await waxseal(['recovery-key', 'challenge', file('private.pub')])).stdout)
  const { status, stdout, stderr } = await waxseal([
    'recovery-key',
    'confirm',
    file('second.json'),
    file('private-answer.txt'),
  ])
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(/not that of the challenge/)
})

test('a key of X25519, where that is asked for, goes the same way and opens rows', async () => {
  await confirmedKey(folder, 'curve', '--algorithm', 'x25519')
  expect(parsePublicKey(readFileSync(file('curve.pub'), 'utf8')).key.asymmetricKeyType).toBe('x25519')
  const cipher = new EnvelopeCipher({
    provider: new LocalProvider({ keys: { 1: randomBytes(32) }, currentKey: 1 }),
    recipients: [await recipientOf('curve')],
  })
  const binding = { entity: 'credential', row: '1', context: { tenant: 'acme' } }
  const envelope = await cipher.mint(binding)
  const [field, password] = [FIELDS[0], canary()]
  const fields = [{ ...field, value: formatText(envelope.encryptField(field, password)) }]
  save('curve.jsonl', JSON.stringify({ ...binding, metadata: metadataToJson(envelope.metadata), fields }))
  const opened = await waxseal(['recover', file('curve.jsonl'), '--key', file('curve.pem'), '--output', '-'], { env })
  expect({ ...opened, stdout: JSON.parse(opened.stdout) }).toMatchObject({
    status: 0,
    stdout: { ...binding, fields: { 'credential.password': password } },
  })
})

test('another algorithm is refused', async () => {
  const { status, stderr } = await waxseal(['recovery-key', 'create', file('a'), file('b'), '--algorithm', 'rsa'])
  expect(status).toBe(2)
  expect(stderr).toMatch(/Allowed choices are rsa-oaep-256, x25519/)
})

describe('recover', () => {
  const plaintexts = [canary(), canary()]
  const rowOf = (index: number) => {
    const password = plaintexts[index]!
    return { row: String(index), values: [password, { token: password }, Buffer.from(password)] }
  }
  let lines: string[]
  beforeAll(async () => {
    const cipher = new EnvelopeCipher({
      provider: new LocalProvider({ keys: { 1: randomBytes(32) }, currentKey: 1 }),
      recipients: [await recipientOf('private')],
    })
    lines = await Promise.all(
      [0, 1].map(async (index) => {
        const { row, values } = rowOf(index)
        const binding = { entity: 'credential', row, context: { tenant: 'acme' } }
        const envelope = await cipher.mint(binding)
        const fields = FIELDS.map((field, place) => {
          const encrypted = envelope.encryptField(field, values[place])
          const bytes = () => `\\x${Buffer.from(formatBytes(encrypted)).toString('hex')}`
          return { ...field, value: field.kind === 'bytes' ? bytes() : formatText(encrypted) }
        })
        const metadata = metadataToJson(envelope.metadata)
        return JSON.stringify({ ...binding, metadata, fields: [...fields, { id: 'credential.none', value: null }] })
      }),
    )
    save('rows.jsonl', `${lines.join('\n')}\n`)
  })

  const expected = (index: number) => ({
    entity: 'credential',
    row: String(index),
    context: { tenant: 'acme' },
    fields: {
      'credential.password': plaintexts[index],
      'credential.oauth': { token: plaintexts[index] },
      'credential.certificate': Buffer.from(plaintexts[index]!).toString('base64'),
      'credential.none': null,
    },
  })
  const recover = (rows: string, ...options: string[]) =>
    waxseal(['recover', file(rows), '--key', file('private.pem'), ...options], { env })
  const parsed = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))

  test('opens every field with the private half alone, into a file that only its owner reads', async () => {
    const run = await recover('rows.jsonl', '--output', file('plain.jsonl'))
    expect(run).toEqual({ status: 0, stdout: '', stderr: '2 rows opened, 0 not\n' })
    expect(statSync(file('plain.jsonl')).mode & 0o777).toBe(0o600)
    expect(parsed(readFileSync(file('plain.jsonl'), 'utf8'))).toEqual([expected(0), expected(1)])
    const again = await recover('rows.jsonl', '--output', file('plain.jsonl'))
    expect(again).toMatchObject({ status: 2, stderr: expect.stringMatching(/EEXIST.*name a new file/) })
  })

  test('prints them where that is asked for, and takes the passphrase from standard input', async () => {
    const stdin = `${env.WAXSEAL_RECOVERY_PASSPHRASE}\n`
    const args = ['recover', file('rows.jsonl'), '--key', file('private.pem'), '--output', '-']
    const { status, stdout } = await waxseal(args, { stdin })
    expect({ status, rows: parsed(stdout) }).toEqual({ status: 0, rows: [expected(0), expected(1)] })
  })

  test('says how far it is, and what came of it as JSON with --json', async () => {
    const empty = { entity: 'credential', context: {}, fields: [{ id: 'credential.password', value: null }] }
    save('many.jsonl', `${Array.from({ length: 1_999 }, () => JSON.stringify(empty)).join('\n')}\n{}\n`)
    const { status, stdout, stderr } = await recover('many.jsonl', '--dry-run', '--json')
    expect({ status, ...JSON.parse(stdout) }).toEqual({
      status: 4,
      opened: 1_999,
      shredded: 0,
      failed: [{ where: 'line 2000 (not a row)', message: expect.stringMatching(/^expected \{ entity/) }],
    })
    expect(stderr).toMatch(/^1000 rows read\nline 2000 .*\n2000 rows read\n1999 rows opened, 1 not\n$/)
  })

  test('opens and writes nothing with --dry-run', async () => {
    const run = await recover('rows.jsonl', '--dry-run')
    expect(run).toEqual({ status: 0, stdout: '', stderr: '2 rows opened, 0 not\n' })
  })

  test('says which row does not open and why, opens the others, and repeats no line', async () => {
    const moved = JSON.stringify({ ...JSON.parse(lines[0]!), context: { tenant: 'other' } })
    const secret = canary()
    save('damaged.jsonl', [moved, secret, JSON.stringify({ secret }), '', lines[1]].join('\n'))
    const { status, stdout, stderr } = await recover('damaged.jsonl', '--output', '-')
    expect({ status, rows: parsed(stdout) }).toEqual({ status: 4, rows: [expected(1)] })
    expect(stderr.split('\n')).toEqual([
      'line 1 (credential, row 0): decryption failed',
      expect.stringMatching(/^line 2 \(not a row\): expected \{ entity/),
      expect.stringMatching(/^line 3 \(not a row\): expected \{ entity/),
      '1 rows opened, 3 not',
      '',
    ])
    expect(stderr).not.toContain(secret)
  })

  test.each([
    ['neither an output nor --dry-run', []],
    ['both', ['--output', '-', '--dry-run']],
    ['--json beside the rows', ['--output', '-', '--json']],
    ['an export beside a configuration', ['--dry-run', '--config', 'waxseal.config.json']],
    ['an export beside a DataSource', ['--dry-run', '--data-source', 'source.js']],
    ['half a row at a time', ['--dry-run', '--batch-size', '0.5']],
  ])('%s is refused', async (_what, options) => {
    expect(await recover('rows.jsonl', ...options)).toMatchObject({ status: 2, stdout: '' })
  })

  test('another passphrase is refused and not repeated', async () => {
    const wrong = { WAXSEAL_RECOVERY_PASSPHRASE: canary() }
    const args = ['recover', file('rows.jsonl'), '--key', file('private.pem'), '--dry-run']
    const { status, stderr } = await waxseal(args, { env: wrong })
    expect(status).toBe(2)
    expect(stderr).toMatch(/a file or a passphrase that do not fit/)
    expect(stderr).not.toContain(wrong.WAXSEAL_RECOVERY_PASSPHRASE)
  })
})
