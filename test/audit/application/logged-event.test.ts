import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DETAIL_KEYS, type LoggedCategory } from '../../../src/audit/application/detail.js'
import { describedAs } from '../../../src/audit/application/logged-event.js'

const SECRET = 'secret-of-the-test'
const event = { action: 'run', outcome: 'success' } as const
const messageOf = (call: () => unknown): string => {
  try {
    call()
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  }
}
const logged = (change: object, category: string = 'tool') => {
  return messageOf(() => describedAs(category as LoggedCategory, { ...event, ...change } as never))
}

describe('what an event may say', () => {
  test.each(Object.keys(DETAIL_KEYS) as LoggedCategory[])('%s: the keys of its list, and no other', (category) => {
    const keys: readonly string[] = DETAIL_KEYS[category]
    expect(logged({ detail: Object.fromEntries(keys.map((key) => [key, 'text'])) }, category)).toBe('accepted')
    fc.assert(
      fc.property(fc.string(), (key) => {
        fc.pre(!keys.includes(key) && key !== '__proto__')
        const message = logged({ detail: { [key]: SECRET } }, category)
        expect(message).toContain(`unknown option "${key}"`)
        expect(message).not.toContain(SECRET)
      }),
    )
  })

  test.each([
    ['an object', { toString: () => SECRET }],
    ['a list', [SECRET]],
    ['bytes', Buffer.from(SECRET)],
    ['null', null],
    ['a number that is none', Number.NaN],
    ['text that is too long', SECRET.padEnd(201)],
  ])('%s is no value of a detail, and the error does not repeat it', (_, target) => {
    const message = logged({ detail: { target } })
    expect(message).toMatch(/^audit event "tool": "target" must be text of at most 200 characters/)
    expect(message).not.toContain(SECRET)
  })

  test.each([
    ['an action that is no word', { action: `run ${SECRET}` }],
    ['an outcome that there is not', { outcome: SECRET }],
    ['a reason that is no code', { reason: `${SECRET}: it failed` }],
    ['a row that is too long', { row: SECRET.padEnd(201) }],
    ['a KEK that is none', { kek: { id: SECRET } }],
    ['a detail that is none', { detail: SECRET }],
    ['a member that there is not', { token: SECRET }],
    ['no action', { action: undefined }],
  ])('%s is refused', (_, change) => {
    expect(logged(change)).toMatch(/^audit event "tool": /)
    expect(logged(change)).not.toContain(SECRET)
  })

  test('a category of the library, and one that there is not', () => {
    for (const category of ['credential', 'access', 'toString']) {
      expect(logged({}, category)).toMatch(/^audit event: the category must be one of tool, /)
    }
  })
})

test('what was checked is what is stored, whatever the caller does to it afterwards', () => {
  const mine = { ...event, kek: { provider: 'aws', id: 'k', version: '1' }, detail: { tool: 'psql' } }
  const described = describedAs('tool', mine)
  Object.assign(mine.detail, { password: SECRET })
  Object.assign(mine.kek, { id: SECRET })
  expect(JSON.stringify(described)).not.toContain(SECRET)
})
