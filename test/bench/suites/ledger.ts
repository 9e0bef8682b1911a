import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { CallEnd, CallLedger, CallStart } from 'waxseal'
import { openLedger, withActor } from 'waxseal/audit'
import { besideBare, insertBare, type ReadyRows, readyRows, twoDatabases } from '../database/bare-inserts.js'
import type { Figure } from '../harness/figure.js'
import { measureRounds, oneByOne, wallTime } from '../harness/rounds.js'

const CALLS = 1_000
const FIRST = Date.UTC(2026, 4, 1)
const ACTOR = { actor: 'user-1', tenant: 'tenant-1', purpose: 'benchmark', requestId: 'request-1', ip: '192.0.2.1' }

/** Calls that run at a time as the ledger stores them, beside statements that store the same rows when they are ready. */
export async function ledger(): Promise<Figure[]> {
  const databases = await twoDatabases()
  const { url, pool, bare } = databases
  const opened = await openLedger({ connection: url })
  let [groups, copies] = [0, 0]
  let calls = callsOf(groups++)
  let rows: ReadyRows[] = []
  const record = () => withActor(ACTOR, () => recorded(opened, calls))
  // What is inserted bare is one group behind.
  await record()
  const samples = await measureRounds(
    [
      { name: 'ledger', run: oneByOne(record) },
      {
        name: 'bare',
        run: oneByOne(async () => {
          for (const each of rows) await insertBare(bare, each, CALLS)
        }),
      },
    ],
    {
      ...{ rounds: 25, sliceMs: 1, warmUpRounds: 5, stopwatch: wallTime },
      async beforeSlice(name) {
        if (name === 'ledger') calls = callsOf(groups++)
        else rows = await rowsOf(pool, copies++)
      },
    },
  )
  const { stored } = opened.statistics
  if (stored !== groups * CALLS * 2) throw new RangeError(`stored ${stored} rows of ${groups * CALLS * 2}`)
  await opened.close()
  await databases.close()
  return besideBare(
    {
      id: 'ledger-floor',
      what: 'calls in the ledger reach',
      each: { id: 'ledger-call', title: 'an attempt and its end in the ledger, of 1,000 calls at a time' },
      of: CALLS,
    },
    samples.ledger!,
    samples.bare!,
  )
}

interface Call {
  readonly start: CallStart
  readonly end: CallEnd
}

async function recorded(opened: CallLedger, calls: readonly Call[]): Promise<void> {
  await Promise.all(
    calls.map(async ({ start, end }) => {
      await opened.begin(start)
      await opened.complete(start.callToken, end)
    }),
  )
}

function callsOf(group: number): Call[] {
  const kek = { provider: 'aws', id: 'k-7', version: '1' }
  const context = { 'waxseal-entity': 'account', 'waxseal-row': '7', tenant: 't-7' }
  return Array.from({ length: CALLS }, () => {
    const [callToken, at] = [randomUUID(), new Date(FIRST + group)]
    const reply = { operation: 'Decrypt', requestId: randomUUID(), status: '200', at }
    return {
      start: { callToken, call: callToken, provider: 'aws', operation: 'unwrap', kek, context, startedAt: at },
      end: { outcome: 'succeeded', kek, replies: [reply], latencyMs: 1 },
    }
  })
}

/** Attempts, then ends: two commits, as the ledger has. */
async function rowsOf(pool: pg.Pool, group: number): Promise<ReadyRows[]> {
  const begun = `started_at = '${new Date(FIRST + group).toISOString()}'`
  return [
    await readyRows(pool, 'ledger_attempt', begun),
    await readyRows(pool, 'ledger_end', `attempt IN (SELECT id FROM waxseal.ledger_attempt WHERE ${begun})`),
  ]
}
