import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { barChart } from './chart.js'
import { linearScale, logarithmicScale } from './scale.js'

test('a linear axis starts at zero and has round ticks', () => {
  const { ticks, position } = linearScale(4.1)
  expect(ticks).toEqual([0, 1, 2, 3, 4, 5])
  expect([0, 2.5, 5].map(position)).toEqual([0, 0.5, 1])
  expect(linearScale(0.9).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
})

test('a logarithmic axis has powers of ten', () => {
  const { ticks, position } = logarithmicScale(0.5, 400)
  expect(ticks).toEqual([0.1, 1, 10, 100, 1000])
  expect([0.1, 10, 1000].map(position)).toEqual([0, 0.5, 1])
})

test('every value lies on its axis, in the order of the values', () => {
  const value = fc.double({ min: 1e-3, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(fc.array(value, { minLength: 2 }), (values) => {
      const sorted = values.sort((a, b) => a - b)
      const [lowest, highest] = [sorted[0]!, sorted.at(-1)!]
      for (const { position } of [linearScale(highest), logarithmicScale(lowest, highest * 1.01)]) {
        const positions = sorted.map(position)
        expect(positions).toEqual([...positions].sort((a, b) => a - b))
        expect(positions[0]).toBeGreaterThanOrEqual(-1e-9)
        expect(positions.at(-1)).toBeLessThanOrEqual(1 + 1e-9)
      }
    }),
  )
})

test('a chart has its bars, its goals and what they are called', () => {
  const chart = {
    ...{ title: 'a & b', axis: 'times', logarithmic: false, series: ['Node 20', 'Node 22'] },
    groups: [
      { label: 'with <goal>', values: [1, 2], goal: 1.5 },
      { label: 'without', values: [3, 4] },
    ],
  }
  const svg = barChart(chart)
  // Bars and the squares of the legend; the goal and its legend.
  expect(svg.match(/<rect class="s[01]"/g)).toHaveLength(4 + 2)
  expect(svg.match(/<line class="goal"/g)).toHaveLength(1 + 1)
  for (const text of ['a &amp; b', 'with &lt;goal>', 'Node 22', 'times', '>4.00<']) expect(svg).toContain(text)
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
})
