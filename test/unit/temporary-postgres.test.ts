import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { PortTakenError, startOnPort, startTemporaryPostgres } from '../../src/testing/temporary-postgres.js'
import {
  dumpDatabase,
  expectNoTrace,
  expectTrace,
  type FreshDatabase,
  findTraces,
  freshDatabase,
  serverLog,
} from '../setup/database.js'
import { type Transpiled, transpile } from '../setup/transpile.js'

describe('the server that all suites share', () => {
  let database: FreshDatabase

  beforeAll(async () => {
    database = await freshDatabase()
    await database.client.query(`
      create schema "Other";
      create domain sealed as bytea;
      create table "Other"."Mixed Case" (id int, "Some Text" text, bytes bytea, many bytea[], dom sealed, doc jsonb)`)
  })
  afterAll(() => database.drop())

  test('is Postgres 18', async () => {
    const { rows } = await database.client.query('select version()')
    expect(rows[0].version).toMatch(/^PostgreSQL 18\./)
  })

  const insertions: [string, (canary: string) => string, string][] = [
    ['a text column', (canary) => `("Some Text") values ('${canary}')`, 'Some Text (plain)'],
    ['a bytea column', (canary) => `(bytes) values (convert_to('${canary}', 'UTF8'))`, 'bytes (plain)'],
    ['an array of bytea', (canary) => `(many) values (array[convert_to('${canary}', 'UTF8')])`, 'many (plain)'],
    ['a domain over bytea', (canary) => `(dom) values (convert_to('${canary}', 'UTF8'))`, 'dom (plain)'],
    ['jsonb', (canary) => `(doc) values (jsonb_build_object('a', '${canary}'))`, 'doc (plain)'],
    [
      'base64, not at the start',
      (canary) => `("Some Text") values (encode(convert_to('x${canary}y', 'UTF8'), 'base64'))`,
      'Some Text (base64)',
    ],
    [
      'hex in capitals',
      (canary) => `("Some Text") values (upper(encode(convert_to('${canary}', 'UTF8'), 'hex')))`,
      'Some Text (hex)',
    ],
    [
      'bytes of base64',
      (canary) => `(bytes) values (convert_to(encode(convert_to('${canary}', 'UTF8'), 'base64'), 'UTF8'))`,
      'bytes (base64)',
    ],
  ]

  test.each(insertions)('a canary in %s is found there and in the log', async (_name, insertion, place) => {
    const canary = freshCanary()
    await expectNoTrace(database.client, canary)
    await database.client.query(`insert into "Other"."Mixed Case" ${insertion(canary)}`)
    await expectTrace(database.client, canary)
    expect(await findTraces(database.client, canary)).toContain(`Other.Mixed Case.${place}`)
    expect(serverLog()).toContain(canary)
    await expect(expectNoTrace(database.client, canary)).rejects.toThrow(/Other\.Mixed Case\..*server log \(plain\)/)
  })

  test('parameters are in the log, bytes too, and in full', async () => {
    const [text, bytes] = [freshCanary(), freshCanary()]
    const values = ['x'.repeat(5_000) + text, Buffer.from(bytes)]
    await database.client.query('select $1::text, $2::bytea', values)
    expect(await findTraces(database.client, text)).toEqual(['server log (plain)'])
    expect(await findTraces(database.client, bytes)).toEqual(expect.arrayContaining(['server log (plain)']))
    await expect(expectTrace(database.client, text)).rejects.toThrow(/not found in the tables/)
  })

  test('quotes and several lines do not hide a canary', async () => {
    const canary = `it's "${freshCanary()}"\nline two\\`
    await database.client.query('insert into "Other"."Mixed Case" (doc) values (to_jsonb($1::text))', [canary])
    await expectTrace(database.client, canary)
    expect(await findTraces(database.client, canary)).toEqual(['Other.Mixed Case.doc (JSON)', 'server log (log lines)'])
  })

  test('the dump names the column and decodes bytes', async () => {
    const canary = freshCanary()
    await database.client.query('insert into "Other"."Mixed Case" (bytes) values ($1)', [Buffer.from(canary)])
    const dump = await dumpDatabase(database.client)
    expect(dump).toContain(canary)
    expect(dump).toContain(`Other.Mixed Case.bytes: \\x${Buffer.from(canary).toString('hex')}`)
  })
})

test('a folder without the programs is no other application', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waxseal-application-'))
  try {
    await expect(startTemporaryPostgres({ application: folder })).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a port that is taken is told apart, and its folder removed', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await expect(startOnPort((server.address() as AddressInfo).port)).rejects.toBeInstanceOf(PortTakenError)
  } finally {
    server.close()
  }
})

describe('a process that started one', () => {
  let transpiled: Transpiled
  beforeAll(() => {
    transpiled = transpile(process.cwd(), 'src/testing/temporary-postgres.ts')
  })
  afterAll(() => transpiled.remove())

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('leaves neither server nor folder after %s', async (signal) => {
    const child = await startChild('setInterval(() => {}, 1000)')
    expect(isAlive(child.serverPid)).toBe(true)
    child.kill(signal)
    expect(await child.exit).toEqual({ code: null, signal })
    await gone(child)
  })

  test('leaves neither when it just ends, and keeps its exit code', async () => {
    const child = await startChild(
      'process.stdin.once("data", () => { process.exitCode = 7; process.stdin.destroy() })',
    )
    child.letGo()
    expect(await child.exit).toEqual({ code: 7, signal: null })
    await gone(child)
  })

  test('has nothing left when stop() resolves', async () => {
    const child = await startChild(`process.stdin.once("data", async () => {
      await Promise.all([postgres.stop(), postgres.stop()])
      process.exit(existsSync(postgres.logFile) ? 1 : 0)
    })`)
    child.letGo()
    expect(await child.exit).toEqual({ code: 0, signal: null })
    await gone(child)
  })

  async function startChild(rest: string) {
    const script = `
      import { existsSync } from 'node:fs'
      import { startTemporaryPostgres } from ${JSON.stringify(transpiled.file)}
      const postgres = await startTemporaryPostgres()
      console.log(postgres.logFile)
      ${rest}`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    const line = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once('line', resolve)
      exit.then(() => reject(new Error('the child ended early')))
    })
    const folder = dirname(line)
    const serverPid = Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10)
    return {
      folder,
      serverPid,
      exit,
      kill: (signal: NodeJS.Signals) => child.kill(signal),
      letGo: () => child.stdin.write('\n'),
    }
  }

  async function gone({ serverPid, folder }: { serverPid: number; folder: string }): Promise<void> {
    const deadline = Date.now() + 20_000
    while (isAlive(serverPid) || existsSync(folder)) {
      if (Date.now() > deadline)
        throw new Error(`still there: server ${isAlive(serverPid)}, folder ${existsSync(folder)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function freshCanary(): string {
  return `canary-${Math.random().toString(36).slice(2)}-${Date.now()}`
}
