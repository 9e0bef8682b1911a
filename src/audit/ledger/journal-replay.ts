import type { Clock } from '../../kms/clock.js'
import { type Drained, drainJournal, type JournalFile, journalsIn, takeOver } from './journal-folder.js'
import type { LedgerDatabase } from './ledger-database.js'
import { DEAD_AFTER_MS, deadWriters, endDeadWriters } from './writer-row.js'

export interface ReplaySetup {
  readonly folder: string
  readonly holder: string
  readonly database: LedgerDatabase
  readonly clock: Clock
  readonly onDrained: (drained: Drained, path: string) => Promise<void>
}

/** Brings into Postgres what journals hold: our own, and those of processes that died. */
export class JournalReplay {
  readonly #setup: ReplaySetup

  constructor(setup: ReplaySetup) {
    this.#setup = setup
  }

  /** `current` is still written to. */
  async own(current: string | undefined): Promise<void> {
    for (const file of await this.#journals()) {
      if (file.holder === this.#setup.holder && file.path !== current) await this.#drain(file)
    }
  }

  async ofTheDead(): Promise<void> {
    const { folder, holder, database } = this.#setup
    const others = (await this.#journals()).filter((file) => file.holder !== holder)
    const isDead = await this.#deadAmong(others)
    for (const file of others.filter(isDead)) {
      const ours = await takeOver(folder, file, holder)
      if (ours) await this.#drain(ours)
    }
    await endDeadWriters(database, [...new Set((await this.#journals()).map((file) => file.holder))])
  }

  async #drain(file: JournalFile): Promise<void> {
    const { database, onDrained } = this.#setup
    await onDrained(await drainJournal(file, (rows) => database.replay(rows)), file.path)
  }

  async #deadAmong(files: readonly JournalFile[]): Promise<(file: JournalFile) => boolean> {
    if (files.length === 0) return () => false
    const { database, clock } = this.#setup
    const { dead, unknown } = await deadWriters(database, [...new Set(files.map(({ holder }) => holder))])
    // One that never reached the database has nothing but its file to show that it is alive.
    const isOld = ({ changedAt }: JournalFile) => clock.now() - changedAt > DEAD_AFTER_MS
    return (file) => dead.has(file.holder) || (unknown.has(file.holder) && isOld(file))
  }

  #journals(): Promise<readonly JournalFile[]> {
    return journalsIn(this.#setup.folder)
  }
}
