import type { Screen } from './screen.js'
import { count } from './text.js'

const CELLS = 40
/** Without a terminal there is no line to redraw: one line for each quarter. */
const LINES = 4

/** How far a long run is. */
export class Progress {
  readonly #screen: Screen
  readonly #total: number
  #done = 0
  #printed = 0

  constructor(screen: Screen, total: number) {
    this.#screen = screen
    this.#total = total
  }

  advance(by: number): void {
    this.#done += by
    const { terminal } = this.#screen
    if (terminal) {
      terminal.write(`\r   ${this.#bar()}`)
      if (this.#done >= this.#total) terminal.write('\n')
      return
    }
    const quarter = Math.floor((this.#done * LINES) / this.#total)
    if (quarter > this.#printed) this.#screen.line(this.#bar())
    this.#printed = quarter
  }

  #bar(): string {
    const full = Math.min(CELLS, Math.floor((this.#done * CELLS) / this.#total))
    const done = count(this.#done).padStart(count(this.#total).length)
    return `${'█'.repeat(full)}${'░'.repeat(CELLS - full)}  ${done} of ${count(this.#total)}`
  }
}
