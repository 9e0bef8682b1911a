import { beforeAll, describe, expect, test } from '@jest/globals'
import { inWords, isDeclared, type Sighting, sightings } from './canaries.js'
import { runSession, type Session } from './run-session.js'
import { refusedByGuard } from './session/scenarios/refusals.js'
import { writesOfEncryptedValues } from './session/scenarios/writes.js'

/**
 * The instrumentation of TypeORM writes down the arguments of `save()` and the like, whatever they are: see
 * `docs/threat-model.md`.
 */
const SEES_ARGUMENTS = 'spans of typeorm'

/** It knows the package by its name, which is another one where both versions are installed. */
const VERSIONS = [
  { typeorm: 'typeorm', isTraced: true },
  { typeorm: 'typeorm-0.3', isTraced: false },
]

for (const { typeorm, isTraced } of VERSIONS) {
  describe(typeorm, () => {
    let session: Session
    let seen: readonly Sighting[]
    const of = (side: string, where: RegExp) =>
      seen.filter((each) => each.canary.side === side && where.test(each.where))

    beforeAll(async () => {
      session = await runSession(typeorm)
      seen = sightings(session.places, session.canaries)
    }, 300_000)

    test('no plaintext, no data key and no KEK is anywhere, whole or in part and in whatever form', () => {
      const leaks = of('protected', /^/).filter((each) => !isDeclared(each) && !each.where.startsWith(SEES_ARGUMENTS))
      expect(leaks.map(inWords)).toEqual([])
    })

    test('the same search finds what a twin without protection shows, in every place', () => {
      const searched = new Set(session.places.map(({ where }) => where).filter((where) => !where.startsWith('public.')))
      if (!isTraced) searched.delete(SEES_ARGUMENTS)
      const inTables = ['password', 'settings', 'oauth', 'certificate'].map((name) => `public.open_credential.${name}`)
      const expected = [...searched, ...inTables, 'public.open_token.value', 'public.query-result-cache.result']
      const found = new Set(of('in the open', /^/).map(({ where }) => where.replace(/ \([^()]*\)$/, '')))
      expect(expected.filter((where) => !found.has(where))).toEqual([])
      expect(expected.length).toBeGreaterThan(25)
    })

    test('… keys too, in each form in which keys get printed', () => {
      const keys = of('in the open', /^/).filter(({ canary }) => canary.name === 'a key in the open')
      const forms = new Set(keys.map(({ where }) => / \(([^()]*)\)$/.exec(where)?.[1]))
      expect([...forms].sort()).toEqual(['base64', 'base64url', 'hex', 'numbers'])
      expect(session.canaries.filter(({ name }) => name === 'a data key').length).toBeGreaterThan(20)
    })

    test('what an application shows itself is where it was said to be', () => {
      for (const { name, declared } of refusedByGuard) {
        for (const start of declared) {
          const shown = of('protected', /^/).filter((each) => each.canary.name === name && each.where.startsWith(start))
          expect([name, start, shown.length > 0]).toEqual([name, start, true])
        }
      }
    })

    if (!isTraced) return
    test('the instrumentation of TypeORM writes down what save() is given, unless it is an EncryptedValue', () => {
      const shown = of('protected', new RegExp(`^${SEES_ARGUMENTS}`)).map(({ canary }) => canary)
      const names = new Set(shown.map(({ name }) => name))
      expect(names).toContain('save() of a changed row')
      for (const { name } of writesOfEncryptedValues) expect(names).not.toContain(name)
      expect(shown.filter(({ value }) => typeof value !== 'string')).toEqual([])
    })
  })
}
