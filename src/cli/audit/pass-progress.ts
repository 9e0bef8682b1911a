import type { MirrorEvent } from '../../audit/mirror/mirror.js'
import { Progress, standardError } from '../progress.js'

type Start = Pick<Extract<MirrorEvent, { readonly type: 'start' }>, 'from' | 'to'>
type Batch = Pick<Extract<MirrorEvent, { readonly type: 'batch' }>, 'counts' | 'happened'>

const MINUTE_MS = 60_000

/**
 * How far a pass is: the minutes of its time between the first and the last event that it came to, whichever way it goes. Where
 * nobody knows how far back it goes, the events alone.
 */
export class PassProgress {
  readonly #name: string
  readonly #from: number | undefined
  readonly #to: number
  readonly #progress: Progress
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY
  #stored = 0

  constructor(name: string, { from, to }: Start, screen = standardError()) {
    this.#name = name
    this.#from = from?.getTime()
    this.#to = to.getTime()
    this.#progress = new Progress(screen, from && (to.getTime() - from.getTime()) / MINUTE_MS)
  }

  advance({ counts, happened }: Batch): void {
    this.#stored += counts.stored
    const before = this.#minutes()
    if (happened) {
      this.#first = Math.min(this.#first, happened.from.getTime())
      this.#last = Math.max(this.#last, happened.to.getTime())
    }
    const by = this.#from === undefined ? counts.stored : this.#minutes() - before
    const unit = this.#from === undefined ? 'events' : `minutes, ${this.#stored.toLocaleString('en')} events`
    this.#progress.advance(by, `${unit} stored, ${this.#name}`)
  }

  end(): void {
    this.#progress.end()
  }

  #minutes(): number {
    const first = Math.max(this.#first, this.#from ?? this.#first)
    return Math.max(0, Math.min(this.#last, this.#to) - first) / MINUTE_MS
  }
}
