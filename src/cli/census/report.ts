import type { TableCensus, TableEstimate } from '../../census/index.js'
import { describeKek, type KekRef } from '../../kms/provider.js'
import { paint } from '../terminal.js'
import type { Standing } from './kek-standing.js'

const STYLES = { current: 'green', accepted: 'yellow', unlisted: 'red', unknown: 'yellow' } as const

export function censusLines(found: TableCensus, standing: (kek: KekRef) => Standing): string[] {
  const { table, rows, wrapped, empty, shredded, undecodable, keks, fields } = found
  const states = { wrapped, empty, shredded, undecodable }
  const summary = Object.entries(states).map(([name, count]) => `${count} ${name}`)
  return [
    `${paint('bold', table)}  ${rows} ${rows === 1 ? 'row' : 'rows'}: ${summary.join(', ')}`,
    ...keks.map(({ kek, rows: count, oldestWrap }) => {
      const place = standing(kek)
      return `  ${count}  ${describeKek(kek)}  ${paint(STYLES[place], place)}, oldest wrap ${oldestWrap}`
    }),
    ...fields.flatMap(({ column, counts }) =>
      Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([name, count]) => `  ${count}  ${paint('red', name)} in column "${column}"`),
    ),
  ]
}

export function estimateLines({ table, sets }: TableEstimate, standing: (kek: KekRef) => Standing): string[] {
  return [
    `${paint('bold', table)}  about, as of the last ANALYZE:`,
    ...sets.map(({ keks, rows }) => {
      if (keks === null) return `  ~${rows}  ${paint('red', 'undecodable')}`
      if (keks.length === 0) return `  ~${rows}  no wrap: empty or shredded`
      const described = keks.map((kek) => `${describeKek(kek)} ${paint(STYLES[standing(kek)], standing(kek))}`)
      return `  ~${rows}  ${described.join(' and ')}`
    }),
  ]
}
