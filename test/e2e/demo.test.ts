import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { builtPackage, canary, type Run, waxseal } from '../setup/cli.js'
import { type FreshDatabase, freshDatabase, serverLog } from '../setup/database.js'

/** Of the demo's own secrets: its prefixes, and how PEM keys, tokens and connection strings begin. */
const SECRETS = /demo_shop_|demo_whsec_|PRIVATE KEY|eyJ[A-Za-z0-9]{10}|(amqps|rediss|smtps):\/\//
const ESCAPE = String.fromCharCode(27)

let database: FreshDatabase
let folder: string

beforeAll(async () => {
  builtPackage()
  database = await freshDatabase()
  folder = mkdtempSync(join(tmpdir(), 'waxseal-demo-'))
})

afterAll(async () => {
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

/** Where a URL with a password belongs. */
const inEnvironment = () => ({ WAXSEAL_DATABASE_URL: database.url })

async function leftBehind(): Promise<unknown[]> {
  const { rows } = await database.client.query(
    "SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^waxseal' UNION ALL SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'",
  )
  return rows
}

describe('in an existing database', () => {
  let run: Run
  let facts: any

  beforeAll(async () => {
    run = await waxseal(['demo', '--json', '--rows', '120', '--database-url'], { env: inEnvironment() })
    facts = JSON.parse(run.stdout || 'null')
  })

  test('everything held, and it ends with exit code 0', () => {
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' })
    expect(facts).toMatchObject({ held: true, broken: [], temporary: false })
  })

  test('every attempt was stopped, its canary is nowhere, and on the twin it was stored', () => {
    expect(facts.attempts.attempts.length).toBeGreaterThanOrEqual(25)
    for (const attempt of facts.attempts.attempts) {
      expect(attempt).toMatchObject({ held: true, found: [], twin: { found: [expect.any(String)] } })
      expect(attempt.expected).toContain(attempt.stoppedBy)
    }
    expect(facts.attempts.control).toEqual(['shop_credential.shop'])
  })

  test('each code of the guard but that of malformed metadata stopped something', () => {
    const codes = new Set(facts.attempts.attempts.map(({ stoppedBy }: { stoppedBy: string }) => stoppedBy))
    for (const code of ['WX001', 'WX002', 'WX003', 'WX004', 'ERR_PLAINTEXT_REFUSED', 'ERR_DECRYPTION_FAILED']) {
      expect(codes).toContain(code)
    }
  })

  test('the rotation changed the metadata of every row and nothing else, and the census says so', () => {
    expect(facts.rotate).toMatchObject({ rewrapped: 120, compared: 120, failed: 0, metadataChanged: 120 })
    expect(facts.rotate.contentsAfter).toBe(facts.rotate.contentsBefore)
    expect(Object.entries(facts.rotate.census.before)).toEqual([[expect.stringMatching(/^1-/), 120]])
    expect(Object.entries(facts.rotate.census.after)).toEqual([[expect.stringMatching(/^2-/), 120]])
  })

  test('one tenant is shredded, and a table of plaintext adopted', () => {
    expect(facts.shred).toMatchObject({ rows: expect.any(Number), refused: ['ERR_CREDENTIAL_SHREDDED'] })
    expect(facts.shred.wraps).toBe(facts.shred.rows)
    expect(facts.adopt).toMatchObject({
      ...{ rows: 100, encrypted: 100, verified: 100 },
      ...{ foundBefore: ['legacy_credential.secret'], foundAfter: [] },
    })
  })

  test('a use of a key from outside is found, and every call of the application is accounted for', () => {
    expect(facts.account).toMatchObject({
      ...{ accounted: 12, unaccounted: ['update transit/keys', 'transit/decrypt'] },
      findings: ['high: unaccounted', 'high: unaccounted'],
    })
  })

  test('calls to the KMS are those that are promised', () => {
    for (const { kmsCalls, promised } of facts.measure.operations) expect(kmsCalls).toEqual(promised)
    expect(facts.measure.operations.map(({ name }: { name: string }) => name)).toContain('find 120 rows, cold')
  })

  test('it prints no secret as JSON', () => expect(run.stdout).not.toMatch(SECRETS))

  test('it leaves nothing behind', async () => expect(await leftBehind()).toEqual([]))
})

test('with its own Postgres it reads the server’s log too: what the library stops never reached the server', async () => {
  const { status, stdout } = await waxseal(['demo', '--json', '--rows', '20'])
  const facts = JSON.parse(stdout)
  expect({ status, temporary: facts.temporary }).toEqual({ status: 0, temporary: true })
  const logged = (code: string) =>
    facts.attempts.attempts.filter((attempt: any) => attempt.stoppedBy === code).map((attempt: any) => attempt.logged)
  expect(new Set(logged('ERR_PLAINTEXT_REFUSED'))).toEqual(new Set([false]))
  // The control: of what only the guard can stop, the log has nearly all. COPY sends its rows beside the statement.
  expect(logged('WX001').filter(Boolean).length).toBeGreaterThan(5)
})

test('for people it fits 100 columns, and has colours on a terminal only', async () => {
  const { status, stdout } = await waxseal(['demo', '--rows', '120', '--database-url'], { env: inEnvironment() })
  expect(status).toBe(0)
  expect(stdout).toMatch(/✓ everything held: 120 credentials, \d+ attempts stopped, no ciphertext moved \(.*\)\n/)
  expect(stdout).not.toContain(ESCAPE)
  expect(stdout.split('\n').filter((line) => [...line].length > 100)).toEqual([])
})

describe('credentials of a file', () => {
  const write = (lines: readonly string[]) => {
    const file = join(folder, 'credentials.jsonl')
    writeFileSync(file, lines.join('\n'))
    return file
  }

  test('are loaded, and neither printed nor sent to the server', async () => {
    const [secret, webhookSecret, token] = [canary(), canary(), canary()]
    const file = write([
      JSON.stringify({ shop: 'Möbel & Söhne', kind: 'API key', secret, webhookSecret, oauth: { token } }),
      JSON.stringify({ shop: 'Second', secret: `${secret} 2`, tenant: '0192f0a0-0000-7000-8000-000000000001' }),
      '',
    ])
    const run = await waxseal(['demo', '--credentials', file, '--database-url'], { env: inEnvironment() })
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' })
    expect(run.stdout).toContain('2 credentials')
    expect(run.stdout).toContain('Möbel & Söhne')
    for (const value of [secret, webhookSecret, token]) {
      expect(run.stdout).not.toContain(value)
      expect(serverLog()).not.toContain(value)
    }
    expect(serverLog()).toContain('Möbel & Söhne')
  })

  test('that cannot be used end with exit code 2 and the number of each line, before a database is asked for', async () => {
    const secret = canary()
    const file = write([
      JSON.stringify({ shop: 'A', secret }),
      `{"shop": "A", "secret": "${secret}"`,
      JSON.stringify({ shop: 'A', [secret]: true, secret: 5 }),
    ])
    const run = await waxseal(['demo', '--credentials', file, '--database-url', 'postgres://127.0.0.1:1/none'])
    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(
      /line 2: .*\n.*line 3: secret: expected text, found a number\n.*line 3: a member: is unknown/,
    )
    expect(run.stderr).not.toContain('line 1')
    expect(run.stderr).not.toContain(secret)
  })
})

test('interrupted, it leaves nothing behind', async () => {
  const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
  const child = spawn(process.execPath, [main, 'demo', '--database-url'], {
    env: { PATH: process.env.PATH, ...inEnvironment() },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = ''
  child.stdout.on('data', (text: Buffer) => {
    // In the midst of a run over all rows, and once: a second one would end it without more ado.
    const before = printed.includes('250 of')
    printed += text
    if (!before && printed.includes('250 of')) child.kill('SIGINT')
  })
  const status = await new Promise((resolve) => child.on('close', resolve))
  expect(status).toBe(130)
  expect(await leftBehind()).toEqual([])
})

test('a database that has the schema waxseal is left alone: receipts of a demo would stay in it', async () => {
  await database.client.query('CREATE SCHEMA waxseal')
  const run = await waxseal(['demo', '--rows', '1', '--database-url'], { env: inEnvironment() })
  expect(run).toMatchObject({ status: 2, stderr: expect.stringContaining('expected a database without the schema') })
  await database.client.query('DROP SCHEMA waxseal')
  expect(await leftBehind()).toEqual([])
})

test('a database URL that is none ends with exit code 2 and is not repeated', async () => {
  const url = `mysql://user:${canary()}@host/database`
  const run = await waxseal(['demo', '--database-url', url])
  expect(run.status).toBe(2)
  expect(run.stderr).toContain('--database-url: expected a URL such as postgres://')
  expect(run.stderr + run.stdout).not.toContain('canary')
})

test.each([
  ['before the host', (password: string) => `postgres://user:${password}@127.0.0.1:1/none`],
  ['in the query', (password: string) => `postgres://user@127.0.0.1:1/none?password=${password}`],
])('a password %s among the arguments is refused with what to do, and not repeated', async (_where, urlOf) => {
  const run = await waxseal(['demo', '--database-url', urlOf(canary())])
  expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 2, stdout: '' })
  expect(run.stderr).toMatch(/found a password.*; put the URL into WAXSEAL_DATABASE_URL/)
  expect(run.stderr).not.toContain('canary')
})

test('a URL without a password may be an argument; without any there has to be one in the environment', async () => {
  const given = await waxseal(['demo', '--rows', '1', '--database-url', 'postgres://user@127.0.0.1:1/none'])
  expect(given).toMatchObject({ status: 5, stderr: expect.stringMatching(/ECONNREFUSED/) })
  const none = await waxseal(['demo', '--rows', '1', '--database-url'])
  expect(none).toMatchObject({ status: 2, stderr: expect.stringMatching(/in WAXSEAL_DATABASE_URL or DATABASE_URL/) })
})
