import { expect, test } from '@jest/globals'
import { textOptions } from '../../../src/kms/text-options.js'

const NAMES = ['key', 'region'] as const

test('the options that are set, and no others', () => {
  expect(textOptions('aws', { key: 'a', region: undefined }, NAMES)).toEqual({ key: 'a' })
})

test.each([
  ['an unknown option', { keys: 'secret' }, 'unknown option "keys"; expected one of key, region'],
  ['an inherited name', { constructor: 'secret' }, 'unknown option "constructor"'],
  ['no text', { key: 1 }, 'the option "key" must be text that is not empty'],
  ['empty text', { key: '' }, 'the option "key" must be text that is not empty'],
])('%s is refused, and its value not repeated', (_, section, message) => {
  const read = () => textOptions('aws', section, NAMES)
  expect(read).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIGURATION', message: expect.stringContaining(message) }),
  )
  expect(read).not.toThrow('secret')
})
