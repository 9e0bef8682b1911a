import { tell } from './terminal.js'

const CELLS = 40
/** Without a terminal there is no line to redraw: one line for each quarter. */
const LINES = 4

/** Where it is shown. */
export interface ProgressScreen {
  /** The terminal that may be redrawn; undefined for a file, a pipe or silence. */
  readonly terminal: NodeJS.WriteStream | undefined
  line(text: string): void
}

/** Standard error, since results go to standard output. */
export function standardError(): ProgressScreen {
  return { terminal: process.stderr.isTTY ? process.stderr : undefined, line: tell }
}

/** How far a long run is. The total may be an estimate. */
export class Progress {
  readonly #screen: ProgressScreen
  readonly #total: number
  #done = 0
  #printed = 0

  constructor(screen: ProgressScreen, total: number) {
    this.#screen = screen
    this.#total = Math.max(total, 1)
  }

  advance(by: number): void {
    this.#done += by
    const { terminal } = this.#screen
    if (terminal) {
      terminal.write(`\r   ${this.#bar()}`)
      return
    }
    const quarter = Math.floor((this.#done * LINES) / this.#total)
    if (quarter > this.#printed && this.#printed < LINES) this.#screen.line(this.#bar())
    this.#printed = quarter
  }

  /** Leaves the line of the bar, for what comes next. */
  end(): void {
    if (this.#done > 0) this.#screen.terminal?.write('\n')
  }

  #bar(): string {
    const full = Math.min(CELLS, Math.floor((this.#done * CELLS) / this.#total))
    const done = count(this.#done).padStart(count(this.#total).length)
    return `${'█'.repeat(full)}${'░'.repeat(CELLS - full)}  ${done} of ${count(this.#total)}`
  }
}

const count = (number: number) => Math.round(number).toLocaleString('en')
