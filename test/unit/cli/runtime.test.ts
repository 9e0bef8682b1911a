import { expect, test } from '@jest/globals'
import { checkRuntime } from '../../../src/cli/doctor/runtime.js'

const at = (day: string) => new Date(`${day}T12:00:00Z`)
const codes = (version: string, day: string) => checkRuntime(version, at(day)).map(({ code }) => code)

test('a Node is fine until the last day of its life', () => {
  expect(codes('20.20.2', '2026-04-30')).toEqual([])
  expect(codes('20.20.2', '2026-05-01')).toEqual(['NODE_END_OF_LIFE'])
})

test('the remedy names the lines that live', () => {
  expect(checkRuntime('20.20.2', at('2026-11-22'))[0]?.remedy).toBe('run it on Node 22 or 24')
  expect(checkRuntime('25.1.0', at('2027-05-01'))[0]?.remedy).toBe('run it on Node 24')
  expect(checkRuntime('20.20.2', at('2030-01-01'))[0]?.remedy).toBe('run it on Node of a later release line')
})

test('a Node that is newer than the table is taken for alive', () => {
  expect(codes('98.0.0', '2026-11-22')).toEqual([])
})
