import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigurationError } from '../../errors.js'
import { type JournalledRow, journalLine } from './journal-line.js'

/** Rights of the group and of others to write: who has them could put rows into the ledger. */
const OTHERS_WRITE = 0o022

/** A file of so many bytes is complete: it is read as a whole, however long Postgres was away. */
const FILE_BYTES = 8 * 1024 * 1024

interface OpenFile {
  readonly path: string
  readonly handle: FileHandle
}

/** Where a process keeps the rows that Postgres does not take. On disk before `append` resolves. */
export class Journal {
  readonly #folder: string
  readonly #holder: string
  #file: OpenFile | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(folder: string, holder: string) {
    this.#folder = folder
    this.#holder = holder
  }

  /** The file that is written to; another one is complete. */
  get path(): string | undefined {
    return this.#file?.path
  }

  /** Makes the folder, for us alone. Refuses one that others may write to. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const { mode, uid } = await stat(this.#folder)
    const us = process.geteuid?.()
    // Windows has no such owners and rights.
    if (us === undefined) return
    if (uid !== us) {
      throw new ConfigurationError(
        `ledger: the journal's folder ${this.#folder} is of another user (${uid}), who may write to it; name one that is not there yet, which is then made, or run: chown ${us} ${this.#folder}`,
      )
    }
    if ((mode & OTHERS_WRITE) === 0) return
    throw new ConfigurationError(
      `ledger: others may write to the journal's folder ${this.#folder}; name a folder inside of it, which is then made, or run: chmod go-w ${this.#folder}`,
    )
  }

  append(rows: readonly JournalledRow[]): Promise<void> {
    return this.#inTurn(() => this.#append(rows))
  }

  /** What was appended so far is complete. */
  finish(): Promise<void> {
    return this.#inTurn(() => this.#close())
  }

  async #append(rows: readonly JournalledRow[]): Promise<void> {
    const text = rows.map(journalLine).join('')
    try {
      const { path, handle } = await this.#open()
      await handle.appendFile(text)
      await handle.datasync()
      const size = await sizeOf(path)
      if (size !== undefined && size >= FILE_BYTES) await this.#close()
      if (size !== undefined) return
    } catch (error) {
      // A line that was torn must stay the last of its file.
      await this.#close().catch(() => undefined)
      throw error
    }
    // Whoever took us for dead may have read the file before the rows were in it. A row that comes twice is stored once.
    await this.#close()
    await this.#append(rows)
  }

  async #open(): Promise<OpenFile> {
    if (this.#file) return this.#file
    const path = join(this.#folder, `${randomUUID()}.${this.#holder}.journal`)
    const handle = await open(path, 'ax', 0o600)
    this.#file = { path, handle }
    // The name of a new file is in its folder, which is on disk no sooner than it is asked to be.
    const folder = await open(this.#folder, 'r')
    await folder.sync().finally(() => folder.close())
    return this.#file
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.handle.close()
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run, run)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** Undefined where it is gone. */
async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}
