import { digits } from './figure-text.js'
import { linearScale, logarithmicScale } from './scale.js'

export interface BarGroup {
  readonly label: string
  /** One for each series, in its order. */
  readonly values: readonly number[]
  readonly goal?: number
}

export interface Chart {
  readonly title: string
  /** What the axis counts. */
  readonly axis: string
  readonly logarithmic: boolean
  readonly series: readonly string[]
  readonly groups: readonly BarGroup[]
}

const [WIDTH, LEFT, RIGHT, TOP, BOTTOM] = [860, 370, 60, 64, 48]
const [BAR, GAP] = [12, 16]

/** Horizontal bars in groups, with a line across each group where its goal lies. Readable on light and dark pages. */
export function barChart(chart: Chart): string {
  const { title, axis, series, groups } = chart
  const all = groups.flatMap(({ values, goal }) => [...values, ...(goal === undefined ? [] : [goal])])
  const scale = chart.logarithmic ? logarithmicScale(Math.min(...all), Math.max(...all)) : linearScale(Math.max(...all))
  const x = (value: number) => round(LEFT + scale.position(value) * (WIDTH - LEFT - RIGHT))
  const groupHeight = series.length * BAR + GAP
  const bottom = TOP + groups.length * groupHeight
  const ticks = scale.ticks.map(
    (tick) => `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 6}" y2="${bottom}"/>
<text class="small" x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
  )
  const legend = series.map((name, n) => {
    const left = LEFT + n * 96
    return `<rect class="s${n}" x="${left}" y="34" width="10" height="10"/><text class="small" x="${left + 15}" y="43">${name}</text>`
  })
  const goalLegend = LEFT + series.length * 96
  const bars = groups.map(({ label, values, goal }, group) => {
    const top = TOP + group * groupHeight
    const rows = values.map((value, n) => {
      const y = top + n * BAR
      return `<rect class="s${n}" x="${LEFT}" y="${y}" width="${round(x(value) - LEFT)}" height="${BAR - 2}"/>
<text class="small" x="${round(x(value) + 5)}" y="${y + 9}">${digits(value)}</text>`
    })
    const middle = top + (values.length * BAR) / 2
    return `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>
${rows.join('\n')}${goal === undefined ? '' : `\n<line class="goal" x1="${x(goal)}" x2="${x(goal)}" y1="${top - 4}" y2="${top + values.length * BAR + 2}"/>`}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + BOTTOM}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<text class="title" x="${LEFT}" y="20">${escaped(title)}</text>
${legend.join('\n')}
<line class="goal" x1="${goalLegend}" x2="${goalLegend}" y1="32" y2="46"/><text class="small" x="${goalLegend + 8}" y="43">goal</text>
${ticks.join('\n')}
${bars.join('\n')}
<text class="small" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 36}" text-anchor="middle">${escaped(axis)}</text>
</svg>
`
}

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 15px } .small { font-size: 11px }
.grid { stroke: #d0d7de } .goal { stroke: #cf222e; stroke-width: 2 }
.s0 { fill: #8c96a0 } .s1 { fill: #54a3c7 } .s2 { fill: #1b5e9b }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .grid { stroke: #3d444d } .goal { stroke: #ff7b72 }
  .s0 { fill: #6e7781 } .s1 { fill: #3f8fb5 } .s2 { fill: #79c0ff }
}
`

const round = (value: number) => Math.round(value * 10) / 10
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
