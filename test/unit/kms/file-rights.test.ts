import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isPrivate } from '../../../src/kms/file-rights.js'

const [ROOT, US, OTHER] = [0, 1_000, 1_001]

describe('a file of secrets that the group may read', () => {
  test.each([
    ['of root, for a process that is not root: a secret with an fsGroup', 0o440, ROOT, US, true],
    ['… the same with the type of the file', 0o100_440, ROOT, US, true],
    ['of our own, which we could close', 0o440, US, US, false],
    ['of root, for root', 0o440, ROOT, ROOT, false],
    ['of somebody else', 0o440, OTHER, US, false],
    ['of root, and write', 0o460, ROOT, US, false],
    ['of root, and everybody else too', 0o444, ROOT, US, false],
    ['of root, and execute', 0o450, ROOT, US, false],
  ])('%s', (_what, mode, uid, ourUid, expected) => {
    expect(isPrivate({ mode, uid }, ourUid)).toBe(expected)
  })
})

test('whatever others may do makes it public, whoever owns it', () => {
  const ids = fc.constantFrom(ROOT, US, OTHER)
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0o777 }),
      fc.integer({ min: 1, max: 7 }),
      ids,
      ids,
      (mode, others, uid, ours) => {
        expect(isPrivate({ mode: mode | others, uid }, ours)).toBe(false)
      },
    ),
  )
})

test('a file without rights for group and others is private', () => {
  for (const mode of [0o600, 0o400, 0o700]) {
    for (const uid of [ROOT, US, OTHER]) expect(isPrivate({ mode, uid }, US)).toBe(true)
  }
})
