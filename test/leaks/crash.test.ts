import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { node, runProgram } from '../setup/cli.js'
import { freshDatabase } from '../setup/database.js'
import type { Place } from '../setup/traces.js'
import { type Transpiled, transpile } from '../setup/transpile.js'
import { Canaries, inWords, readCanaries, type Side, sightings } from './canaries.js'
import type { CrashOrder, Ending } from './session/crash.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const REPORTS = ['--report-uncaught-exception', '--report-on-fatalerror']

interface Way {
  readonly ending: Ending
  readonly flags: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** What has to stand in standard error, so that it is known to have been asked for. */
  readonly prints: RegExp
  /** Where the twin without protection has to show its secret. */
  readonly places: readonly string[]
}

const WAYS: Readonly<Record<string, Way>> = {
  'an uncaught exception': {
    ending: 'uncaught exception',
    flags: REPORTS,
    prints: /Writing Node.js report/,
    places: ['stderr', 'report'],
  },
  'an unhandled rejection': {
    ending: 'unhandled rejection',
    flags: REPORTS,
    prints: /Writing Node.js report/,
    places: ['stderr', 'report'],
  },
  'an abort': {
    ending: 'uncaught exception',
    flags: ['--abort-on-uncaught-exception'],
    prints: /^Uncaught Error: /m,
    places: ['stderr'],
  },
  'debugging output of Node and of packages': {
    ending: 'exit',
    flags: ['--trace-warnings'],
    environment: { NODE_DEBUG: '*', DEBUG: '*' },
    prints: /^NET \d+: /m,
    places: ['stderr'],
  },
}

/** As an operator sets it. A report of Node holds the environment, which is the operator's to keep out of it. */
const KEYS = `1:${generateLocalKey()}`

let program: Transpiled
beforeAll(() => {
  program = transpile(root, 'test/leaks/session/crash.ts')
})
afterAll(() => program.remove())

async function end(way: Way, side: Side) {
  const folder = mkdtempSync(join(tmpdir(), 'waxseal-crash-'))
  const reports = join(folder, 'reports')
  mkdirSync(reports)
  // Of its own: Postgres goes on with the statement of a client that is gone, and keeps its locks.
  const database = await freshDatabase()
  try {
    const keys = new Canaries(join(folder, 'canaries.jsonl'), side)
    keys.bytes('the KEK in the environment', Buffer.from(KEYS.slice(2, 45), 'base64url'))
    const order: CrashOrder = { url: database.url, folder, side, ending: way.ending }
    // No core: it is the memory of the process.
    const shell = [
      '-c',
      'ulimit -c 0; exec "$@"',
      'sh',
      node,
      ...way.flags,
      `--report-directory=${reports}`,
      program.file,
    ]
    const run = await runProgram('sh', shell, {
      cwd: folder,
      stdin: JSON.stringify(order),
      env: { WAXSEAL_LOCAL_KEYS: KEYS, ...way.environment },
    })
    const places: Place[] = [
      { where: 'stdout', text: run.stdout },
      { where: 'stderr', text: run.stderr },
    ]
    for (const name of readdirSync(reports)) {
      const { environmentVariables, ...report } = JSON.parse(readFileSync(join(reports, name), 'utf8'))
      places.push({ where: 'report', text: JSON.stringify(report) })
      places.push({ where: 'environment in the report', text: JSON.stringify(environmentVariables) })
    }
    return { run, seen: sightings(places, readCanaries(join(folder, 'canaries.jsonl'))) }
  } finally {
    await database.drop()
    rmSync(folder, { recursive: true })
  }
}

for (const [name, way] of Object.entries(WAYS)) {
  describe(`${name} while operations are under way`, () => {
    test('shows no plaintext, no data key and no KEK', async () => {
      const { run, seen } = await end(way, 'protected')
      expect(run.stderr).toContain('could not save')
      expect(run.stderr).toMatch(way.prints)
      expect(seen.map(inWords).filter((each) => !each.includes('environment in the report'))).toEqual([])
    })

    test('shows the secrets of a twin without protection, and the environment where Node reports it', async () => {
      const { seen } = await end(way, 'in the open')
      const found = new Set(seen.map(({ where }) => where.replace(/ \([^()]*\)$/, '')))
      const environment = way.places.includes('report') ? ['environment in the report'] : []
      expect([...found].sort()).toEqual([...environment, ...way.places].sort())
    })
  })
}
