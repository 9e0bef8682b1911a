import { type Figure, figure } from '../harness/figure.js'
import type { Result } from './results.js'

/** How much the ratios to `node:crypto` differ between Node versions: the highest of each by the lowest. */
export function acrossNodes({ runs }: Result): Figure[] {
  const [first] = runs
  return (first?.figures ?? []).map(({ id, title }) => {
    const values = runs.flatMap(({ figures }) => figures.filter((each) => each.id === id).map(({ value }) => value))
    const spread = Math.max(...values) / Math.min(...values)
    return figure({ id: `${id}-across-nodes`, title, goal: { atMost: 1.25 } }, '×', [spread])
  })
}
