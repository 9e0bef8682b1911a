import type { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** The text of a cell, painted where it stands on a terminal. A number stands on the right. */
export type Cell = string | { readonly text: string; readonly style: Style }

export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

/** Pads the cells of each column to one width; the last one ends where it ends. */
export function alignColumns(rows: readonly (readonly Cell[])[]): Cell[][] {
  const count = Math.max(...rows.map((cells) => cells.length))
  const columns = Array.from({ length: count }, (_, index) => rows.map((cells) => textOf(cells[index] ?? '')))
  const widths = columns.map((texts) => Math.max(...texts.map((text) => text.length)))
  const isNumeric = columns.map(([, ...texts]) => texts.every((text) => NUMBER.test(text)))
  return rows.map((cells) =>
    widths.map((width, index) => {
      const cell = cells[index] ?? ''
      const isLast = index === count - 1
      const text = isNumeric[index] ? textOf(cell).padStart(width) : isLast ? textOf(cell) : textOf(cell).padEnd(width)
      return typeof cell === 'string' ? text : { text, style: cell.style }
    }),
  )
}

const NUMBER = /^([\d.,]+( (ms|s|µs|×))?|–|)$/
