import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Transpiled, transpile } from '../setup/transpile.js'
import { Accounts, type Plaintext } from './accounts.js'
import { Child } from './child.js'
import { type JobName, type Setting, scale, WRITERS, writerOf } from './setting.js'
import type { WriterReport } from './writer.js'

const WORKERS = 3

/** What came of a run over the seeded rows, with applications that wrote meanwhile. */
export interface Outcome {
  /** Workers that were killed while they worked. */
  readonly kills: number
  readonly reports: readonly WriterReport[]
  /** What every row has to open as: what was last written, by whomever. */
  readonly expected: ReadonlyMap<string, Plaintext>
}

/** Accounts, and the processes that work on them. */
export class UnderLoad {
  readonly accounts: Accounts
  readonly #writer: Transpiled
  readonly #worker: Transpiled

  private constructor(accounts: Accounts) {
    const root = fileURLToPath(new URL('../../', import.meta.url))
    this.accounts = accounts
    this.#writer = transpile(root, 'test/scale/writer.ts')
    this.#worker = transpile(root, 'test/scale/worker.ts')
  }

  static async create(): Promise<UnderLoad> {
    return new UnderLoad(await Accounts.create())
  }

  async remove(): Promise<void> {
    this.#writer.remove()
    this.#worker.remove()
    await this.accounts.database.drop()
  }

  /** Four writers write while three workers do the job at the rate of `scale`, of whom one is killed again and again. */
  async run(job: JobName, callsPerRow: number, seeded: readonly string[]): Promise<Outcome> {
    const { accounts } = this
    const setting: Setting = {
      ...{ url: accounts.database.url, keys: accounts.keys, currentKey: 2, batchRows: scale.batchRows, job },
      rate: Math.ceil((scale.rows * callsPerRow) / scale.seconds),
    }
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, (_, k) => Child.start(this.#writer.file, setting, { WRITER: String(k) })),
    )
    const kills = await this.#workWithKills(setting)
    for (const each of writers) each.stop()
    const reports = (await Promise.all(writers.map((each) => each.last()))) as WriterReport[]
    const expected = new Map(seeded.map((id) => [id, accounts.plaintextOf(id)]))
    for (const [id, plaintext] of reports.flatMap(({ written }) => Object.entries(written))) {
      if (plaintext) expected.set(id, plaintext)
      else expected.delete(id)
    }
    return { kills, reports, expected }
  }

  /** The oldest worker is killed and replaced until enough were. Returns how many were. */
  async #workWithKills(setting: Setting): Promise<number> {
    const start = () => Child.start(this.#worker.file, setting)
    const everyMs = Math.min(1_000, (scale.seconds * 1_000) / (scale.kills + 1))
    const workers = await Promise.all(Array.from({ length: WORKERS }, start))
    let kills = 0
    while (kills < scale.kills && (await this.#isOpen())) {
      await setTimeout(everyMs)
      const victim = workers.shift()!
      if (victim.isRunning) {
        await victim.kill()
        kills++
      } else await victim.last()
      workers.push(await start())
    }
    await Promise.all(workers.map((each) => each.last()))
    return kills
  }

  async #isOpen(): Promise<boolean> {
    const { rows } = await this.accounts.database.client.query(`SELECT FROM waxseal.run WHERE state = 'finished'`)
    return rows.length === 0
  }

  /** Ids of rows that do not open as what was last written, or are not there, or should not be. */
  async wrong(expected: ReadonlyMap<string, Plaintext>): Promise<string[]> {
    const stored = await this.accounts.decrypted()
    const ids = new Set([...expected.keys(), ...stored.keys()])
    return [...ids].filter((id) => {
      const [found, wanted] = [stored.get(id), expected.get(id)]
      return found?.password !== wanted?.password || found?.token !== wanted?.token
    })
  }
}

/** The seeded rows that no writer changes. */
export const untouchedOf = (seeded: readonly string[]) => seeded.filter((id) => writerOf(id) >= WRITERS)
