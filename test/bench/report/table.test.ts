import { expect, test } from '@jest/globals'
import type { Figure } from '../harness/figure.js'
import type { Result } from './results.js'
import { figureTable } from './table.js'

const figure = (id: string, value: number, more: Partial<Figure> = {}): Figure => ({
  ...{ id, title: `the ${id}`, unit: '×', value, low: value, high: value },
  ...more,
})

const result = (...columns: Figure[][]): Result => ({
  machine: { cpu: 'a processor', cores: 2, memoryGiB: 4, system: 'a system' },
  commit: 'abc1234',
  runs: columns.map((figures, n) => ({ node: `v${20 + 2 * n}.1.0`, openssl: '3', load: 0, figures })),
})

test('a row for each figure and a column for each Node', () => {
  const columns = [1.234, 12.34].map((value) => [
    figure('encrypt', value, { goal: { atMost: 13 } }),
    figure('size', 123),
  ])
  expect(figureTable(result(...columns), {})).toBe(
    [
      '|  | goal | Node 20 | Node 22 |',
      '| --- | --- | --- | --- |',
      '| the encrypt | ≤ 13× | 1.23×, met | 12.3×, met |',
      '| the size |  | 123× | 123× |',
    ].join('\n'),
  )
})

test('what was added stands beside how many times as long that is', () => {
  const goal = { atMost: 50, orShare: 0.05 }
  const more = figure('call', 30, { unit: 'µs', goal, took: { over: 330, base: 300 } })
  expect(figureTable(result([more]), {})).toContain('| the call | ≤ 50 µs or 5 % | 30.0 µs (1.10×), met |')
})

test('a missed goal stands out, and its reason stands below, once', () => {
  const missed = figure('encrypt', 2, { goal: { atMost: 1.3 } })
  const table = figureTable(result([missed], [missed]), { encrypt: 'it draws an IV.', decrypt: 'not read.' })
  expect(table).toContain('| **2.00×, missed** | **2.00×, missed** |')
  expect(table.split('\n').filter((line) => line.startsWith('- '))).toEqual([
    '- *the encrypt* misses its goal: it draws an IV.',
  ])
})

test('a missed goal without a reason is an error', () => {
  expect(() => figureTable(result([figure('encrypt', 2, { goal: { atMost: 1.3 } })]), {})).toThrow('say why')
})

test('goals that differ between Node versions all stand there', () => {
  const columns = [1, 2].map((atLeast) => [figure('peer', 9, { goal: { atLeast } })])
  expect(figureTable(result(...columns), {})).toContain('| ≥ 1×, ≥ 2× |')
})

test('a figure that one Node lacks is an error', () => {
  expect(() => figureTable(result([figure('encrypt', 1)], []), {})).toThrow('not measured on every Node')
})
