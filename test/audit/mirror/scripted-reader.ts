import type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TrailBatch,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'
import type { Clock } from '../../../src/kms/clock.js'

export type ScriptedPass = readonly (Partial<TrailBatch> | Error)[]

/** A trail in memory: each pass brings what the next of the script says, and ends with an error where there is one. */
export class ScriptedReader implements TrailReader {
  readonly provider = 'vault'
  readonly name = 'scripted'
  readonly intervalMs = 60_000
  readonly scope: string
  readonly cursors: CursorValue[] = []
  checks: readonly PostureCheck[] = [{ id: 'is-there', state: 'ok', evidence: 'in memory' }]
  probes = 0
  #script: readonly ScriptedPass[]

  constructor(scope: string, script: readonly ScriptedPass[]) {
    this.scope = scope
    this.#script = script
  }

  add(pass: ScriptedPass): void {
    this.#script = [...this.#script, pass]
  }

  async probe(): Promise<readonly PostureCheck[]> {
    this.probes++
    return this.checks
  }

  goesBackTo(now: Date, cursor: CursorValue): Date | undefined {
    return cursor === null ? undefined : now
  }

  async *read(_now: Date, state: ReaderState, signal: AbortSignal): AsyncIterable<TrailBatch> {
    this.cursors.push(state.cursor)
    const [pass = [], ...rest] = this.#script
    this.#script = rest
    for (const batch of pass) {
      signal.throwIfAborted()
      if (batch instanceof Error) throw batch
      yield { records: [], cursor: state.cursor, ...batch }
    }
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

/** A clock that goes on when the test lets it: each pause is waited for, looked at, and ended. */
export class HeldClock implements Clock {
  #now: number
  #pauses: { readonly ms: number; readonly run: () => void }[] = []
  #told: () => void = () => undefined

  constructor(start: Date) {
    this.#now = start.getTime()
  }

  now(): number {
    return this.#now
  }

  set(now: number): void {
    this.#now = now
  }

  after(ms: number, run: () => void): () => void {
    const waiting = { ms, run }
    this.#pauses.push(waiting)
    this.#told()
    return () => {
      this.#pauses = this.#pauses.filter((each) => each !== waiting)
    }
  }

  /** Ends the next pause, and says how long it was. */
  async next(): Promise<number> {
    if (this.#pauses.length === 0) await new Promise<void>((resolve) => (this.#told = resolve))
    const { ms, run } = this.#pauses.shift()!
    this.#now += ms
    run()
    return ms
  }
}
