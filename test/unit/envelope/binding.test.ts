import { describe, expect, test } from '@jest/globals'
import { assertExpectedContext, encryptionContextOf, rowOf } from '../../../src/envelope/binding.js'
import { binding, codeOf } from './fixtures.js'

const id = 'AAAAAAAAAAAAAAAAAAAAAA'

describe('encryptionContextOf', () => {
  test('names the entity, the envelope, the row and the declared pairs', () => {
    expect(encryptionContextOf(binding, id)).toEqual({
      'waxseal-entity': 'credential',
      'waxseal-envelope': id,
      'waxseal-row': binding.row,
      tenant: 'tenant-1',
    })
  })

  test('has no row where the row is not bound, and has one where the key is an empty text', () => {
    const { row: _, ...unbound } = binding
    expect(Object.keys(encryptionContextOf(unbound, id))).not.toContain('waxseal-row')
    expect(encryptionContextOf({ ...binding, row: '' }, id)['waxseal-row']).toBe('')
  })

  for (const name of [
    'waxseal-row',
    'waxseal-entity',
    'waxseal-envelope',
    'waxseal-',
    'aws:x',
    'Tenant',
    'a b',
    'tenänt',
    '',
    '__proto__',
  ]) {
    test(`refuses a declared pair named ${JSON.stringify(name)}: it could stand for one of ours, or for none`, async () => {
      const context = JSON.parse(`{${JSON.stringify(name)}:"x"}`)
      expect(await codeOf(() => encryptionContextOf({ entity: 'credential', context }, id))).toBe('ERR_CONFIGURATION')
    })
  }
})

describe('rowOf', () => {
  test('one value stands as it is, several as a JSON array in their order', () => {
    expect(rowOf(['a'])).toBe('a')
    expect(rowOf(['org-1', '2'])).toBe('["org-1","2"]')
    expect(rowOf(['2', 'org-1'])).toBe('["2","org-1"]')
  })

  test('escapes quotes, backslashes and control characters, and nothing else', () => {
    expect(rowOf(['"\\\u0001\b\t\n\f\r', '/é\u2028\u007f'])).toBe('["\\"\\\\\\u0001\\b\\t\\n\\f\\r","/é\u2028\u007f"]')
  })
})

describe('assertExpectedContext', () => {
  for (const [what, expected, code] of [
    ['nothing expected', undefined, undefined],
    ['the same tenant', { tenant: 'tenant-1' }, undefined],
    ['another tenant', { tenant: 'tenant-2' }, 'ERR_DECRYPTION_FAILED'],
    ['a tenant that is not known', { tenant: undefined as unknown as string }, 'ERR_DECRYPTION_FAILED'],
    ['another spelling', { tenant: 'Tenant-1' }, 'ERR_DECRYPTION_FAILED'],
    ['a pair that this entity does not declare', { region: 'eu' }, undefined],
    ['a name that every object inherits', { constructor: 'x' }, undefined],
  ] as const) {
    test(`${what}: ${code ?? 'passes'}`, async () => {
      expect(await codeOf(() => assertExpectedContext(binding, expected as Record<string, string>))).toBe(code)
    })
  }
})
