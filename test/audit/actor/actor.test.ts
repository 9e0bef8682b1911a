import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { type Actor, currentActor, withActor } from '../../../src/audit/actor/actor.js'

const ALICE: Actor = {
  actor: 'user:1',
  tenant: 't1',
  purpose: 'read',
  ticket: 'C-7',
  requestId: 'r-1',
  ip: '192.0.2.1',
}

test('what is begun inside is done in the name of the actor, also later', async () => {
  expect(currentActor()).toBeUndefined()
  const seen = await withActor(ALICE, async () => {
    await setImmediate()
    return currentActor()
  })
  expect([seen, currentActor()]).toEqual([ALICE, undefined])
})

test('actors at the same time are told apart', async () => {
  const names = ['a', 'b', 'c']
  const seen = await Promise.all(
    names.map((actor) => withActor({ actor }, () => setImmediate().then(() => currentActor()?.actor))),
  )
  expect(seen).toEqual(names)
})

test('the inner actor takes the place of the outer as a whole', () => {
  const seen = withActor(ALICE, () => withActor({ actor: 'job:nightly' }, currentActor))
  expect(seen).toEqual({ actor: 'job:nightly' })
})

test.each([
  ['no name', {}, '"actor" must be text that is not empty'],
  ['an empty name', { actor: '' }, '"actor" must be text that is not empty'],
  ['an unknown member', { actor: 'a', tenent: 't1' }, 'unknown option "tenent"'],
  ['a member that is no text', { actor: 'a', tenant: 7 }, '"tenant" must be text that is not empty'],
])('%s is refused', (_, actor, message) => {
  expect(() => withActor(actor as unknown as Actor, () => undefined)).toThrow(message)
})

test('a second copy of the module, as of the other build, knows the actor of the first', async () => {
  const path = '../../../src/audit/actor/actor.js'
  const other: typeof import('../../../src/audit/actor/actor.js') = await import(`${path}?other`)
  expect(other.withActor).not.toBe(withActor)
  expect(withActor(ALICE, other.currentActor)).toEqual(ALICE)
})
