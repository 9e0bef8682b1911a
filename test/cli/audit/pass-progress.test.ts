import { expect, test } from '@jest/globals'
import { followLog } from '../../../src/cli/audit/mirror-log.js'
import { PassProgress } from '../../../src/cli/audit/pass-progress.js'

const COUNTS = { stored: 1_000, repeated: 0, ignored: 0, quarantined: 0, logging: 0 }
const at = (minute: number) => new Date(Date.UTC(2026, 10, 26, 0, minute))
const batch = (from: number, to: number) => ({ counts: COUNTS, happened: { from: at(from), to: at(to) } })

function linesOf(from: Date | undefined, ...batches: readonly ReturnType<typeof batch>[]): string[] {
  const lines: string[] = []
  const progress = new PassProgress(
    'a trail',
    { from, to: at(100) },
    { terminal: undefined, line: (text) => lines.push(text) },
  )
  for (const each of batches) progress.advance(each)
  return lines.map((line) => line.replace(/^\S+\s+/, ''))
}

test('the whole of a pass is the time that it goes through, from its newest event or from its oldest', () => {
  const lines = [
    '50 of 100  minutes, 1,000 events stored, a trail',
    '100 of 100  minutes, 2,000 events stored, a trail',
  ]
  expect(linesOf(at(0), batch(0, 50), batch(40, 100))).toEqual(lines)
  expect(linesOf(at(0), batch(50, 100), batch(0, 60))).toEqual(lines)
})

test('events from before and after it move nothing', () => {
  expect(linesOf(at(50), batch(0, 60), batch(20, 40), batch(99, 150))).toEqual([
    '50 of 50  minutes, 3,000 events stored, a trail',
  ])
})

test('where nobody knows how far back it goes, there is no whole', () => {
  expect(linesOf(undefined, batch(0, 100))).toEqual([])
})

test('passes that bring nothing are told once, until one of the source brings something or fails', () => {
  const lines: string[] = []
  const log = followLog((line) => lines.push(line))
  const pass = (scope: string, state: 'ok' | 'failing' | 'elsewhere', stored = 0) =>
    log({
      ...{ type: 'pass', source: { id: scope, provider: 'p', reader: 'r', scope }, lagMs: 0 },
      result: { state, counts: { ...COUNTS, stored }, ...(state === 'failing' && { reason: 'throttled' }) },
    })
  for (const scope of ['a', 'a', 'b', 'a']) pass(scope, 'ok')
  pass('a', 'ok', 2)
  for (const state of ['ok', 'ok', 'failing', 'failing', 'elsewhere', 'elsewhere', 'ok'] as const) pass('b', state)
  pass('a', 'ok')
  expect(lines.map((line) => line.replace(/ events,.*| until less.*/, ''))).toEqual([
    ...['p r a: 0 new', 'p r b: 0 new', 'p r a: 2 new'],
    ...['p r b: failing: throttled; 0 new', 'p r b: failing: throttled; 0 new'],
    ...['p r b: another process mirrors it, or did so', 'p r b: 0 new', 'p r a: 0 new'],
  ])
})
