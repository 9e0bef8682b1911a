import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { inWords, isDeclared, readCanaries, type Sighting, sightings } from './canaries.js'
import { LifecycleSession } from './lifecycle-session.js'

const folder = mkdtempSync(join(tmpdir(), 'waxseal-leaks-'))
const noted = join(folder, 'canaries.jsonl')
let session: LifecycleSession
let seen: readonly Sighting[]
let failures: readonly Record<string, string>[]

const query = async (text: string) => (await session.client.query(text)).rows as Record<string, string>[]
const newestRun = async () => (await query('SELECT id FROM waxseal.run ORDER BY started_at DESC LIMIT 1'))[0]!['id']!

/** Resolves when the newest run has ended. */
async function ended(): Promise<void> {
  const id = await newestRun()
  while ((await query(`SELECT FROM waxseal.run WHERE id = '${id}' AND state = 'finished'`)).length === 0);
}

async function prepareSchema(): Promise<void> {
  await session.run(1, ['schema', 'check'])
  await session.run(0, ['schema', 'sql'])
  await session.run(0, ['schema', 'install', '--distributed'])
}

/** One row is under a KEK that the configuration does not name, so each run has a failure. */
async function rotate(): Promise<void> {
  await session.insert(7, 'other')
  for (let row = 0; row < 3; row++) await session.insert(1)
  await session.run(1, ['census', '--entity', 'credential'])
  await session.run(0, ['rotate', '--entity', 'credential', '--dry-run'])
  await session.run(5, ['rotate', '--config', session.wrongPassword()])
  await session.run(1, ['rotate', '--entity', 'credential', '--json'])
  await session.run(0, ['runs', 'failures', await newestRun()])
  await session.insert(1)
  await session.run(1, ['rotate', '--entity', 'credential', '--verify', 'sample'])
  await session.insert(1)
  await session.run(0, ['rotate', '--entity', 'credential', '--distributed', '--detach'])
  await session.run(0, ['runs', 'pause', await newestRun()])
  await session.run(0, ['runs', 'resume', await newestRun()])
  await session.run(0, ['worker', '--entity', 'credential', '--json'], { until: ended() })
  await session.run(0, ['runs', '--json'])
}

async function renew(): Promise<void> {
  await session.run(0, ['renew', '--entity', 'credential', '--dry-run'])
  await session.run(1, ['renew', '--entity', 'credential'])
  await session.run(0, ['runs', 'failures', await newestRun(), '--json'])
  await session.noteDataKeys('credential')
}

async function adopt(): Promise<void> {
  await session.run(2, ['adopt', 'plan'], { env: { LEGACY_KEY: session.wrongLegacyKey() } })
  await session.run(1, ['adopt', 'plan'])
  await session.run(0, ['adopt', 'prepare'])
  await session.join('adopt-read')
  await session.run(1, ['adopt', 'run', '--dry-run', '--verbose'])
  await session.run(1, ['adopt', 'run', '--json'])
  await session.run(0, ['runs', 'failures', await newestRun()])
  await session.noteDataKeys('account')
  await session.run(0, ['adopt', 'verify'])
  await session.run(0, ['adopt', 'rollback', '--yes'])
  await session.run(1, ['adopt', 'run'])
  await session.noteDataKeys('account')
  await session.join('adopt-write')
  await session.run(1, ['adopt', 'enforce'])
  await query(`DELETE FROM account WHERE encryption_metadata = '{}'`)
  await session.run(0, ['adopt', 'enforce'])
  await session.join('enforce')
  session.declare(false)
  await session.run(0, ['adopt', 'clean', '--entity', 'account', '--yes'])
  await session.leave()
  await session.run(0, ['status'])
}

async function shredAndRetire(): Promise<void> {
  const why = ['--reason', 'contract ended', '--backups-kept', 'none', '--yes']
  await session.run(0, ['shred', '--context', 'tenant=acme', '--dry-run'])
  await session.run(0, ['shred', '--context', 'tenant=acme', ...why])
  await session.run(0, ['shred', 'receipts', '--json'])
  const [{ kek }] = (await query(
    `SELECT DISTINCT 'local:local@' || (wrap -> 'kek' ->> 'version') AS kek FROM credential,
      jsonb_array_elements(encryption_metadata -> 'wraps') AS wrap`,
  )) as [Record<string, string>]
  await session.run(1, ['retire', kek!, '--processes', '0', '--wait', '1s'])
}

beforeAll(async () => {
  session = await LifecycleSession.open(noted)
  await prepareSchema()
  await rotate()
  await renew()
  await adopt()
  await shredAndRetire()
  await session.runTwin()
  failures = await query('SELECT code, message FROM waxseal.run_failure')
  seen = sightings(await session.places(), readCanaries(noted))
}, 300_000)
afterAll(async () => {
  await session?.remove()
  rmSync(folder, { recursive: true })
})

test('each command ended as it was to end', () => {
  expect([...session.statuses].filter(([, [expected, found]]) => expected !== found)).toEqual([])
})

test('no plaintext, no data key, no KEK and no key of before is in any output, table, log or notification', () => {
  const leaks = seen.filter((each) => each.canary.side === 'protected' && !isDeclared(each))
  expect(leaks.map(inWords)).toEqual([])
})

test('the way back stores plaintext, and a server that logs parameters has it', () => {
  expect(seen.filter(isDeclared).map(inWords)).toContain('a plaintext to adopt: server log of a rollback (plain)')
})

test('there were rows that failed in each kind of run, and data keys of each', () => {
  expect(failures.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['ERR_KEK_NOT_ACCEPTED', 'ERR_LEGACY_VALUE', 'ERR_TWIN']),
  )
  expect(readCanaries(noted).filter(({ name }) => name === 'a data key').length).toBeGreaterThan(12)
})

test('the same search finds what a twin without protection does with its secret, in every place', () => {
  const shown = seen.filter(({ canary }) => canary.side === 'in the open').map(({ where }) => where)
  for (const where of [
    ...['stdout (plain)', 'stderr (base64)', 'notification (plain)', 'server log (plain)'],
    ...['waxseal.run_failure.message (plain)', 'public.in_the_open.secret (plain)'],
  ]) {
    expect(shown).toContain(where)
  }
})
