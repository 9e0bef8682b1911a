import { valueText } from './figure-text.js'
import { lineOf, type Result } from './results.js'

/** Operations as an application has them: suite and figure. */
const OPERATIONS = [
  ['single-rows', 'read-warm'],
  ['single-rows', 'read-cold'],
  ['single-rows', 'save-new'],
  ['single-rows', 'save-change'],
  ['lists', 'list-lazy'],
  ['lists', 'list-warm-ratio'],
  ['lists', 'list-cold-ratio'],
] as const

/** Whether an operation takes less than 5 % more than without encryption, on each Node. */
export function fivePercentTable(results: Readonly<Record<string, Result>>): string {
  const nodes = results['lists']?.runs.map(({ node }) => lineOf(node)) ?? []
  const rows = OPERATIONS.map(([suite, id]) => {
    const figures = (results[suite]?.runs ?? []).map((run) => {
      const found = run.figures.find((figure) => figure.id === id)
      if (!found) throw new RangeError(`"${id}" was not measured`)
      return found
    })
    const below = figures.filter(({ value }) => value < 1.05)
    const answer = below.length === 0 ? 'no' : below.length === figures.length ? 'yes' : 'on some Node versions'
    return [figures[0]?.title ?? id, ...figures.map(valueText), answer]
  })
  const head = ['times as long as without encryption', ...nodes, 'less than 5 %?']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
