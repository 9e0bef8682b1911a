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

/** How far a long run is. The total may be an estimate; where nobody knows one, only what is done is shown. */
export class Progress {
  readonly #screen: ProgressScreen
  readonly #total: number | undefined
  #done = 0
  #printed = 0
  /** How wide the line is that is to be redrawn. */
  #drawn = 0

  constructor(screen: ProgressScreen, total: number | undefined) {
    this.#screen = screen
    this.#total = total === undefined ? undefined : Math.max(total, 1)
  }

  /** `note` stands behind the figures, such as what is worked on. */
  advance(by: number, note = ''): void {
    this.#done += by
    const { terminal } = this.#screen
    if (terminal) {
      // A line that is wider than the terminal could not be redrawn, and what is left of a longer one has to go.
      const line = `   ${this.#bar()}${note && `  ${note}`}`.slice(
        0,
        (terminal.columns || Number.POSITIVE_INFINITY) - 1,
      )
      terminal.write(`\r${line.padEnd(this.#drawn)}`)
      this.#drawn = line.length
    }
    if (terminal || this.#total === undefined) return
    const quarter = Math.floor((this.#done * LINES) / this.#total)
    if (quarter > this.#printed && this.#printed < LINES) this.#screen.line(`${this.#bar()}${note && `  ${note}`}`)
    this.#printed = quarter
  }

  /** Leaves the line of the bar, for what comes next. */
  end(): void {
    if (this.#drawn > 0) this.#screen.terminal?.write('\n')
    this.#drawn = 0
  }

  /** Also where what it showed ended with an error, which is a line of its own. */
  [Symbol.dispose](): void {
    this.end()
  }

  #bar(): string {
    if (this.#total === undefined) return count(this.#done)
    const full = Math.min(CELLS, Math.floor((this.#done * CELLS) / this.#total))
    const done = count(this.#done).padStart(count(this.#total).length)
    return `${'█'.repeat(full)}${'░'.repeat(CELLS - full)}  ${done} of ${count(this.#total)}`
  }
}

const count = (number: number) => Math.round(number).toLocaleString('en')
