import { paint } from '../terminal.js'
import type { Status, TableStatus } from './status.js'

export function statusLines({ tables, processes }: Status): string[] {
  const live = processes.filter(({ isLive }) => isLive)
  return [
    ...tables.flatMap(tableLines),
    `${live.length} processes are at work${live.length === processes.length ? '' : `, ${processes.length - live.length} are silent`}`,
  ]
}

function tableLines({ entity, lastFinished, oldestWrap, dueAt, overdue, staleRows, runs }: TableStatus): string[] {
  const last = lastFinished ? `last rotated ${day(lastFinished)}` : 'never rotated to its end'
  const due = dueAt && (overdue ? `overdue since ${day(dueAt)}` : `due ${day(dueAt)}`)
  const facts = [last, oldestWrap && `the oldest wrap is of ${day(oldestWrap)}`, due].filter(Boolean)
  return [
    `${overdue ? paint('red', '✗') : paint('green', '✓')} ${entity}: ${facts.join(', ')}`,
    staleRows === null
      ? '  a KMS does not say what is current'
      : `  about ${staleRows.toLocaleString('en')} stale rows`,
    ...runs.map(({ id, kind, state, counts, failed, journal }) => {
      const counted = Object.entries({ ...counts, ...(failed > 0 && { failed }) })
      const parts = [...counted.map(([name, rows]) => `${rows} ${name}`), journal && 'journal open'].filter(Boolean)
      return `  ${kind} ${id} is ${state}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`
    }),
  ]
}

const day = (date: Date) => date.toISOString().slice(0, 10)
