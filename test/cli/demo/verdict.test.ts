import { describe, expect, test } from '@jest/globals'
import { codeOf, held, type Observation } from '../../../src/cli/demo/attempts/judge.js'
import { verdictOf } from '../../../src/cli/demo/verdict.js'
import { PlaintextRefusedError } from '../../../src/index.js'

describe('the verdict', () => {
  const claims = [
    { claim: 'no ciphertext moved', held: true },
    { claim: 'stopped: COPY', held: true },
  ]

  test('is exit code 0 when every claim held', () => {
    expect(verdictOf(claims)).toEqual({ held: true, broken: [], exitCode: 0 })
  })

  test('is exit code 1 and names the claim when one did not hold', () => {
    const verdict = verdictOf([...claims, { claim: 'every credential reads back equal', held: false }])
    expect(verdict).toEqual({ held: false, broken: ['every credential reads back equal'], exitCode: 1 })
  })

  test('is exit code 1 when nothing was claimed', () => expect(verdictOf([]).exitCode).toBe(1))
})

describe('an attempt', () => {
  const byGuard: Observation = {
    name: 'raw SQL UPDATE',
    expected: ['WX001', '42501'],
    stoppedBy: 'WX001',
    found: [],
    logged: true,
    twin: { stoppedBy: undefined, found: ['plain_twin.secret'] },
  }
  const byLibrary: Observation = { ...byGuard, expected: ['ERR_X'], stoppedBy: 'ERR_X', logged: false }
  const noRight: Observation = { ...byGuard, stoppedBy: '42501', twin: { stoppedBy: '42501', found: [] } }

  const cases: [string, Observation, boolean][] = [
    ['held when the guard stopped it', byGuard, true],
    ['held when the library stopped it before the server saw it', byLibrary, true],
    ['held when the log is not ours to read', { ...byLibrary, logged: undefined }, true],
    ['held when the role lacks the right on either table', noRight, true],
    ['did not hold when nothing stopped it', { ...byGuard, stoppedBy: undefined }, false],
    ['did not hold when something else stopped it, such as a typing error', { ...byGuard, stoppedBy: '42601' }, false],
    ['did not hold when its canary is in the database', { ...byGuard, found: ['shop_credential.secret'] }, false],
    ['did not hold when the library stopped it and the server saw it', { ...byLibrary, logged: true }, false],
    ['did not hold when it failed on the twin too', { ...byGuard, twin: { stoppedBy: '42601', found: [] } }, false],
    [
      'did not hold when it stored nothing on the twin',
      { ...byGuard, twin: { stoppedBy: undefined, found: [] } },
      false,
    ],
    ['did not hold when only one table wants the right', { ...noRight, twin: byGuard.twin }, false],
  ]
  for (const [name, observation, expected] of cases) test(name, () => expect(held(observation)).toBe(expected))
})

describe('what stopped an attempt is', () => {
  const guard = Object.assign(new Error('waxseal WX001'), { code: 'WX001' })
  const cases: [string, unknown, string][] = [
    [
      'the code of the guard, also where the library wrapped it',
      new PlaintextRefusedError('refused', { cause: guard }),
      'WX001',
    ],
    ['the code of the error', new PlaintextRefusedError('refused'), 'ERR_PLAINTEXT_REFUSED'],
    ['the SQLSTATE', Object.assign(new Error('duplicate'), { code: '23505' }), '23505'],
    ['the name of an error without a code', new TypeError('x'), 'TypeError'],
  ]
  for (const [name, error, expected] of cases) test(name, () => expect(codeOf(error)).toBe(expected))
})
