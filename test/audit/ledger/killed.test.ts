import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { killWhereItStops } from '../../setup/killed-process.js'
import { type Transpiled, transpile } from '../../setup/transpile.js'
import { until, untilBeat, useLedger } from './ledger-suite.js'

/** A real process, killed in the middle of a call. */
const suite = useLedger()
let transpiled: Transpiled
beforeAll(() => {
  transpiled = transpile(fileURLToPath(new URL('../../../', import.meta.url)), 'test/audit/ledger/killed-ledger.ts')
})
afterAll(() => transpiled.remove())

async function kill(stop: 'during' | 'after', connection: string, journal: string): Promise<void> {
  const env = { DATABASE_URL: connection, JOURNAL: journal, STOP: stop }
  await killWhereItStops(suite.database.client, { args: [transpiled.file], env, applicationName: 'killed ledger' })
}

async function writers(): Promise<string[]> {
  const { rows } = await suite.database.client.query<{ writer: string }>(
    'SELECT DISTINCT writer::text FROM waxseal.ledger_attempt',
  )
  return rows.map(({ writer }) => writer)
}

test('killed between the record and the end of a call: the attempt is there, without an end', async () => {
  await kill('during', suite.database.url, suite.folder())
  const [writer] = await writers()
  expect(await suite.attempts(writer!)).toMatchObject([{ operation: 'generateDataKey', journalled: false, ends: [] }])
})

test('killed while Postgres was away: what it did is stored by another process, once it is taken for dead', async () => {
  const { proxy, connection } = await suite.proxied()
  proxy.shut()
  const journal = suite.folder()
  await kill('after', connection, journal)
  const { ledger, clock } = await suite.open({ journal })
  const before = await writers()
  await untilBeat(clock, () => ledger.statistics.replayed === 2)
  const [writer, ...others] = (await writers()).filter((each) => !before.includes(each))
  expect(others).toEqual([])
  expect(await suite.attempts(writer!)).toMatchObject([
    { operation: 'generateDataKey', journalled: true, ends: [{ outcome: 'succeeded', journalled: true }] },
  ])
  await until(async () => (await readdir(journal)).length === 0)
})
