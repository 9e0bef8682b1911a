import { type Figure, isMet } from '../harness/figure.js'
import { goalText, valueText } from './figure-text.js'
import { lineOf, type Result } from './results.js'

/** A row for each figure and a column for each Node, and why a goal was missed where one was. */
export function figureTable({ runs }: Result, reasons: Readonly<Record<string, string>>): string {
  const head = ['', 'goal', ...runs.map(({ node }) => lineOf(node))]
  const rows = rowsOf(runs.map(({ figures }) => figures)).map(({ title, goals, figures }) => {
    return [title, goals, ...figures.map(cell)]
  })
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  const missed = new Map(
    runs.flatMap(({ figures }) => figures.filter((each) => !isMet(each)).map((each) => [each.id, each])),
  )
  const why = [...missed.values()].map(({ id, title }) => `- *${title}* misses its goal: ${reasonOf(id, reasons)}`)
  return [...lines, ...(why.length > 0 ? ['', ...why] : [])].join('\n')
}

interface Row {
  readonly title: string
  readonly goals: string
  readonly figures: readonly Figure[]
}

function rowsOf(columns: readonly (readonly Figure[])[]): Row[] {
  const [first = []] = columns
  return first.map(({ id, title }) => {
    const figures = columns.map((column) => {
      const found = column.find((each) => each.id === id)
      if (!found) throw new RangeError(`"${id}" was not measured on every Node`)
      return found
    })
    const goals = figures.flatMap(({ goal, unit }) => (goal ? [goalText(goal, unit)] : []))
    return { title, goals: [...new Set(goals)].join(', '), figures }
  })
}

function cell(figure: Figure): string {
  if (!figure.goal) return valueText(figure)
  return isMet(figure) ? `${valueText(figure)}, met` : `**${valueText(figure)}, missed**`
}

function reasonOf(id: string, reasons: Readonly<Record<string, string>>): string {
  const reason = reasons[id]
  if (reason === undefined) throw new RangeError(`"${id}" misses its goal: say why in test/bench/report/reasons.ts`)
  return reason
}
