import { paint } from '../terminal.js'
import { alignColumns, type Cell, textOf } from './columns.js'
import { wrap } from './text.js'

const INDENT = '   '
/** What is left of a line of 100 characters. */
export const TEXT_WIDTH = 100 - INDENT.length

/** Where the demo tells its story. Silent with `--json`. */
export class Screen {
  readonly #isSilent: boolean
  #steps = 0

  constructor(isSilent: boolean) {
    this.#isSilent = isSilent
  }

  /** The terminal that may be painted on and redrawn; undefined for a file, a pipe or silence. */
  get terminal(): NodeJS.WriteStream | undefined {
    return process.stdout.isTTY && !this.#isSilent ? process.stdout : undefined
  }

  title(text: string): void {
    this.#write(`\n${paint('bold', text)}`)
  }

  heading(text: string): void {
    this.#steps += 1
    this.#write(`\n${paint('bold', paint('cyan', `${this.#steps}  ${text}`))}`)
  }

  line(text = ''): void {
    this.#write(`${INDENT}${text}`.trimEnd())
  }

  /** Beside the point, and worth knowing. */
  note(text: string): void {
    this.list(text.split(' '), ' ')
  }

  /** As many items to a line as there is room for. */
  list(items: readonly string[], separator = ' · '): void {
    for (const line of wrap(items, TEXT_WIDTH, separator)) this.line(paint('dim', line))
  }

  table(header: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const [head, ...lines] = alignColumns([header, ...rows])
    this.line(paint('dim', (head ?? []).map(textOf).join('  ')))
    for (const cells of lines)
      this.line(cells.map((cell) => (typeof cell === 'string' ? cell : paint(cell.style, cell.text))).join('  '))
  }

  /** The last line: what came of it all. */
  result(held: boolean, text: string): void {
    this.#write(`\n${paint('bold', paint(held ? 'green' : 'red', `${held ? '✓' : '✗'} ${text}`))}\n`)
  }

  #write(line: string): void {
    if (!this.#isSilent) process.stdout.write(`${line}\n`)
  }
}
