import type { Figure } from '../harness/figure.js'
import type { Chart } from './chart.js'
import { lineOf, type Result } from './results.js'

interface ChartText {
  readonly suite: string
  readonly unit: Figure['unit']
  readonly title: string
  readonly axis: string
  readonly logarithmic: boolean
}

/** Which figures are drawn, by the name of the file. */
export const CHARTS: Readonly<Record<string, ChartText>> = {
  crypto: {
    ...{ suite: 'crypto', unit: '×', logarithmic: false },
    title: 'One field of 256 bytes, or of 1 MiB',
    axis: 'times as long as node:crypto alone',
  },
  'single-rows': {
    ...{ suite: 'single-rows', unit: '×', logarithmic: false },
    title: 'One row over a network of 1 ms',
    axis: 'times as long as without encryption',
  },
  lists: {
    ...{ suite: 'lists', unit: 'µs', logarithmic: false },
    title: 'One row of a list of 1,000',
    axis: 'microseconds on the CPU, over those of a plain row',
  },
  peers: {
    ...{ suite: 'peers', unit: '×', logarithmic: true },
    title: 'Other libraries, one secret of 256 bytes',
    axis: 'times as long as waxseal (logarithmic)',
  },
}

export function chartOf({ suite, unit, ...text }: ChartText, results: Readonly<Record<string, Result>>): Chart {
  const runs = results[suite]?.runs ?? []
  const drawn = (runs[0]?.figures ?? []).filter((figure) => figure.unit === unit)
  const groups = drawn.map(({ id, title }) => {
    const figures = runs.flatMap((run) => run.figures.filter((figure) => figure.id === id))
    const goal = figures[0]?.goal
    return {
      label: title,
      values: figures.map(({ value }) => value),
      ...(goal && { goal: 'atMost' in goal ? goal.atMost : goal.atLeast }),
    }
  })
  return { ...text, series: runs.map(({ node }) => lineOf(node)), groups }
}
