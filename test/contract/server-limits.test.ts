import { expect, test } from '@jest/globals'
import { type ServerLimits, withLimits } from './server-limits.js'

const LIMITS: ServerLimits = new Map([['binds the context', { why: 'ignores it', fails: /found a result/ }]])

/** What becomes of a case of the contract: its name, and how it fails. */
async function outcomeOf(name: string, run: () => Promise<void>) {
  const declared: [name: string, run: () => Promise<void>][] = []
  withLimits((each, body) => void declared.push([each, body]), LIMITS)(`local: ${name}`, run)
  const [[title, body] = []] = declared
  return [title, await body!().then(() => 'passed', String)]
}

const UNSUPPORTED = 'not supported by the server (ignores it): local: binds the context'

test('a case that fails as declared is not supported, and never passed', async () => {
  const fails = () => Promise.reject(new Error('expected a rejection, found a result'))
  expect(await outcomeOf('binds the context', fails)).toEqual([UNSUPPORTED, 'passed'])
})

test.each([
  ['passes', () => Promise.resolve(), /no limit of its any more/],
  ['fails otherwise', () => Promise.reject(new Error('connect ECONNREFUSED')), /otherwise than declared/],
])('a case that %s is a failure', async (_, run, message) => {
  expect(await outcomeOf('binds the context', run)).toEqual([UNSUPPORTED, expect.stringMatching(message)])
})

test('any other case is declared as it is', async () => {
  expect(await outcomeOf('round trip', () => Promise.resolve())).toEqual(['local: round trip', 'passed'])
})
