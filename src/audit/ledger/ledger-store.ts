import type { Clock } from '../../kms/clock.js'
import { GroupCommit } from './group-commit.js'
import { Journal } from './journal.js'
import type { Drained } from './journal-folder.js'
import { JournalReplay } from './journal-replay.js'
import type { LedgerDatabase } from './ledger-database.js'
import type { LedgerProblem } from './ledger-options.js'
import type { LedgerRow } from './ledger-row.js'
import { codeOf, isRefusal, refusedBy } from './refusal.js'
import { endWriter, storeHeartbeat, type Writer } from './writer-row.js'

export interface LedgerStoreSetup {
  readonly writer: Writer
  readonly database: LedgerDatabase
  readonly connections: number
  readonly journal: string | undefined
  readonly report: (problem: LedgerProblem) => void
  readonly clock: Clock
}

/** Both bounds of how long rows of a journal wait once Postgres is back: 60 seconds are allowed. */
const HEARTBEAT_MS = 5_000
const HEARTBEAT_AWAY_MS = 1_000
const BEATS_PER_SEARCH = 4

/** Puts rows where they survive this process: into Postgres, and into a journal while that is away. */
export class LedgerStore {
  readonly #writer: Writer
  readonly #database: LedgerDatabase
  readonly #clock: Clock
  readonly #report: (problem: LedgerProblem) => void
  readonly #group: GroupCommit<LedgerRow>
  readonly #journal: Journal | undefined
  readonly #replay: JournalReplay | undefined
  /** Signs of life so far. When a row came is told by them: a clock may be set back. */
  #heard = 0
  /** When the first row came that only a journal has. */
  #journalledSince: number | undefined
  #isAway = false
  #isClosed = false
  #beats = 0
  #beating: Promise<void> | undefined
  #cancelBeat: (() => void) | undefined
  readonly counts = { stored: 0, journalled: 0, replayed: 0, damaged: 0, refused: 0 }

  constructor({ writer, database, connections, journal, report, clock }: LedgerStoreSetup) {
    this.#writer = writer
    this.#database = database
    this.#clock = clock
    this.#report = report
    this.#group = new GroupCommit(
      (rows) => this.#store(rows),
      connections,
      () => this.#heard,
    )
    if (journal === undefined) return
    this.#journal = new Journal(journal, writer.id)
    const onDrained = async ({ stored, damaged, refused }: Drained, path: string) => {
      this.counts.replayed += stored
      this.counts.damaged += damaged
      this.counts.refused += refused
      if (damaged > 0) report({ kind: 'damaged', message: damagedLines(damaged, path) })
      if (refused > 0) report({ kind: 'refused', message: refusedLines(refused, path) })
      // After a long outage there are many files, and others would take us for dead.
      await this.#signOfLife(false)
    }
    this.#replay = new JournalReplay({ folder: journal, holder: writer.id, database, clock, onDrained })
  }

  get isAway(): boolean {
    return this.#isAway
  }

  /** Resolves when the row is stored or in a journal; rejects where it is neither. */
  add(row: LedgerRow): Promise<void> {
    return this.#group.add(row)
  }

  /** Rejects where Postgres answers and refuses; one that cannot be reached is away. */
  async start(): Promise<void> {
    await this.#journal?.prepare()
    await this.beat().catch((error) => {
      if (isRefusal(error)) throw refusedBy(error)
    })
    this.#scheduleBeat()
  }

  /** A sign of life, and what is left to do once Postgres is there. Those who ask meanwhile wait for the same one. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined
    })
    return this.#beating
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelBeat?.()
    await this.#beating?.catch(() => undefined)
    await this.#group.settled()
    // A last attempt, so that nothing waits in a journal for the next process.
    await this.beat().catch(() => undefined)
    if (!this.#isAway && this.#journalledSince === undefined) {
      await endWriter(this.#database, this.#writer.id).catch(() => undefined)
    }
    await this.#journal?.finish().catch(() => undefined)
    await this.#database.close()
  }

  async #store(rows: readonly LedgerRow[]): Promise<void> {
    if (!this.#isAway) {
      try {
        await this.#database.store(rows)
        this.counts.stored += rows.length
        return
      } catch (error) {
        this.#goAway(error)
      }
    }
    await this.#keep(rows)
  }

  async #keep(rows: readonly LedgerRow[]): Promise<void> {
    if (!this.#journal) throw new Error('Postgres is away, and there is no journal')
    // Signs of life may have come while Postgres was asked.
    this.#journalledSince ??= Math.min(this.#heard, this.#group.unstoredSince)
    await this.#journal.append(rows.map((row) => ({ ...row, writer: this.#writer.id })))
    this.counts.journalled += rows.length
  }

  async #beat(): Promise<void> {
    const oldest = Math.min(this.#journalledSince ?? Number.POSITIVE_INFINITY, this.#group.unstoredSince)
    try {
      // Whatever came before there was one, came nobody knows when.
      await this.#signOfLife(oldest >= Math.max(1, this.#heard))
      this.#isAway = false
      await this.#replayJournals()
    } catch (error) {
      this.#goAway(error)
      throw error
    }
  }

  async #signOfLife(isStored: boolean): Promise<void> {
    await storeHeartbeat(this.#database, this.#writer, isStored)
    this.#heard++
  }

  async #replayJournals(): Promise<void> {
    if (!this.#replay) return
    const since = this.#journalledSince
    this.#journalledSince = undefined
    try {
      await this.#journal?.finish()
      await this.#replay.own(this.#journal?.path)
    } catch (error) {
      this.#journalledSince = since
      throw error
    }
    if (this.#beats++ % BEATS_PER_SEARCH === 0) await this.#replay.ofTheDead()
  }

  #goAway(error: unknown): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#scheduleBeat()
    this.#report({ kind: 'away', message: `ledger: Postgres takes nothing (${codeOf(error)})` })
  }

  #scheduleBeat(): void {
    this.#cancelBeat?.()
    if (this.#isClosed) return
    this.#cancelBeat = this.#clock.after(this.#isAway ? HEARTBEAT_AWAY_MS : HEARTBEAT_MS, () => {
      this.#scheduleBeat()
      this.beat().catch(() => undefined)
    })
  }
}

function damagedLines(count: number, path: string): string {
  return `ledger: ${count} damaged lines of ${path} were not stored; they are kept beside it, with the ending .damaged`
}

function refusedLines(count: number, path: string): string {
  return `ledger: Postgres refuses ${count} lines of ${path}; they are kept beside it, with the ending .refused: mend the database, give them the ending .journal, and they are tried again`
}
