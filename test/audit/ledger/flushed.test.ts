import { expect, test } from '@jest/globals'
import pg from 'pg'
import { ManualClock } from '../../../src/testing/index.js'
import { CONTEXT, untilBeat, useLedger } from './ledger-suite.js'

const suite = useLedger()

test('a writer does not say that it is past a row that is not stored, also where its clock is set back', async () => {
  const clock = new ManualClock(new Date())
  let setBack = 0
  const own = { now: () => clock.now() - setBack, after: clock.after.bind(clock) }
  const { ledger, provider } = await suite.open({ clock: own })
  const { client } = suite.database
  const read = async (what: string, ...values: string[]) => {
    const { rows } = await client.query(`SELECT ${what} AS it FROM waxseal.ledger_writer WHERE id = $1`, [
      ledger.writer,
      ...values,
    ])
    return rows[0]?.it
  }
  /** Two heartbeats: the second says what was stored at the first. */
  const beats = async () => {
    for (let beat = 0; beat < 2; beat++) {
      const last = await read('heartbeat_at::text')
      await untilBeat(clock, () => read('heartbeat_at > $2::timestamptz', last))
    }
  }
  const locking = new pg.Client({ connectionString: suite.database.url })
  await locking.connect()
  await beats()
  await locking.query('BEGIN; LOCK TABLE waxseal.ledger_attempt IN EXCLUSIVE MODE')
  const before = await read('clock_timestamp()::text')
  const call = provider.currentKek(CONTEXT)
  setBack = 3_600_000
  try {
    await beats()
    expect(await read('flushed_to < $2::timestamptz', before)).toBe(true)
  } finally {
    await locking.end()
  }
  await call
  await beats()
  expect(await read('flushed_to > $2::timestamptz', before)).toBe(true)
})
