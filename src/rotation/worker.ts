import { setTimeout as sleep } from 'node:timers/promises'
import { type Run, type RunEvent, readRun } from '../jobs/index.js'
import { assertSchema } from '../lifecycle/index.js'
import { assertSetIndex } from '../postgres/assert-set-index.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Pool } from '../postgres/queryable.js'
import { endedJournals } from './journal.js'
import { oldestWrap } from './oldest-wrap.js'
import { joinRotation, type RotateOptions, type RotationReport, verifyEnded } from './rotate.js'
import { type RotationSettings, runningRotations, settingsOf } from './rotation-run.js'
import { beginDue, dueOf } from './schedule.js'
import { WakeUps } from './wake-ups.js'

export interface RotationWorker {
  /** One for each run, which has a rate of its own. */
  cipherFor(settings: RotationSettings): Promise<RotateOptions['cipher'] & AsyncDisposable>
  readonly tables: readonly ProtectedTable[]
  readonly pool: Pool
  readonly kekPerContext: boolean
  /** How often each table is to be rotated; undefined where only what others began is worked on. */
  readonly everySeconds: number | undefined
  readonly concurrency?: number
  readonly signal: AbortSignal
  readonly onEvent: (event: WorkerEvent) => void
}

export type WorkerEvent =
  | RunEvent
  | { readonly type: 'ready' }
  /** A rotation that was due was begun by this process. */
  | { readonly type: 'begun'; readonly run: Run }
  | { readonly type: 'report'; readonly report: RotationReport }
  /** The sign of life; `run` is what it works on. */
  | { readonly type: 'alive'; readonly run: string | null }
  /** It goes on, and tries again. */
  | { readonly type: 'trouble'; readonly error: unknown }

const POLL_MS = 2_000
/** How often it looks itself, for runs whose wake-up was lost and for what is due. */
const LOOK_MS = 15_000
const AFTER_TROUBLE_MS = 5_000
const ALIVE_MS = 30_000
const DEFAULTS: RotationSettings = { verify: 'each' }

/**
 * Works on every rotation of its tables that is open, and begins what is due, until the signal is aborted: then it stores the
 * batch at hand, leaves its rows to others and resolves. Who has which rows is said by the leases of the run alone. Rejects
 * where it cannot begin; what goes wrong later is told and tried again.
 */
export async function runWorker(worker: RotationWorker): Promise<void> {
  const { pool, tables, signal, onEvent } = worker
  await assertSchema(pool)
  for (const table of tables) await assertSetIndex(pool, table)
  const wakeUps = await WakeUps.connect(pool)
  const shift = new Shift(worker, wakeUps)
  const health = setInterval(() => onEvent({ type: 'alive', run: shift.run }), ALIVE_MS)
  onEvent({ type: 'ready' })
  try {
    while (!signal.aborted) {
      const pauseMs = await shift.next().catch((error: unknown) => {
        if (!signal.aborted) onEvent({ type: 'trouble', error })
        return AFTER_TROUBLE_MS
      })
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    clearInterval(health)
    await wakeUps.close()
  }
}

class Shift {
  run: string | null = null
  readonly #worker: RotationWorker
  readonly #wakeUps: WakeUps
  readonly #oldestWraps = new Map<ProtectedTable, Date>()
  #lookAt = 0

  constructor(worker: RotationWorker, wakeUps: WakeUps) {
    this.#worker = worker
    this.#wakeUps = wakeUps
  }

  /** Does what there is, and tells how long to wait for more. */
  async next(): Promise<number> {
    const woken = await this.#wakeUps.take()
    if (woken !== undefined) {
      await this.#workOn(woken)
      return 0
    }
    if (Date.now() < this.#lookAt) return POLL_MS
    this.#lookAt = Date.now() + LOOK_MS
    await this.#beginWhatIsDue()
    for (const { id } of await runningRotations(this.#worker.pool)) await this.#workOn(id)
    for (const table of this.#worker.tables) await this.#verify(table)
    return POLL_MS
  }

  async #workOn(id: string): Promise<void> {
    const { tables, pool, signal, onEvent } = this.#worker
    const run = await readRun(pool, id)
    const table = tables.find((each) => qualifiedName(each) === run?.table)
    if (!run || !table || run.state !== 'running' || signal.aborted) return
    // The next worker that is free joins; the last one finds that the run has ended.
    await this.#wakeUps.send(id)
    this.run = id
    try {
      await using cipher = await this.#worker.cipherFor(settingsOf(run))
      const report = await joinRotation({ run, resumed: true }, table, { ...this.#rotation(), cipher })
      onEvent({ type: 'report', report })
    } finally {
      this.run = null
    }
  }

  async #beginWhatIsDue(): Promise<void> {
    const { tables, pool, everySeconds, onEvent } = this.#worker
    if (everySeconds === undefined) return
    for (const table of tables) {
      const { overdue } = await dueOf(pool, table, everySeconds, (client) => this.#oldestWrap(client, table))
      if (!overdue) continue
      const client = await pool.connect()
      const begun = await beginDue(client, table, everySeconds, DEFAULTS).finally(() => client.release())
      if (!begun) continue
      onEvent({ type: 'begun', run: begun })
      await this.#wakeUps.send(begun.id)
    }
  }

  /** Read once: rows that are written later are younger, and those that are gone only bring the rotation forward. */
  async #oldestWrap(client: Parameters<typeof oldestWrap>[0], table: ProtectedTable): Promise<Date | undefined> {
    const known = this.#oldestWraps.get(table) ?? (await oldestWrap(client, table))
    if (known) this.#oldestWraps.set(table, known)
    return known
  }

  /** Of runs whose last worker died before it had verified them. */
  async #verify(table: ProtectedTable): Promise<void> {
    if ((await endedJournals(this.#worker.pool, table)).length === 0) return
    await using cipher = await this.#worker.cipherFor(DEFAULTS)
    await verifyEnded(table, { ...this.#rotation(), cipher })
  }

  #rotation() {
    const { pool, kekPerContext, concurrency, signal, onEvent } = this.#worker
    return { pool, kekPerContext, signal, onEvent, ...(concurrency !== undefined && { concurrency }) }
  }
}
