import { expect, test } from '@jest/globals'
import { Equal, In, Not } from 'typeorm'
import { EncryptedValue } from '../../../src/typeorm/encrypted-value.js'
import { FieldTransformer } from '../../../src/typeorm/field-transformer.js'
import { isRefusedParameter } from '../../../src/typeorm/refused-parameter.js'

// TypeORM 0.3 hands the operators inside an Or() to the transformer, and 1.x looks into them itself.
for (const [name, operator] of Object.entries({
  Equal: Equal('a value'),
  In: In(['a value', 'another']),
  Not: Not(Equal('a value')),
})) {
  test(`no value of ${name}() is left in the operator`, () => {
    const transformer = new FieldTransformer('credential.password', { kind: 'text', lazy: false })
    expect(transformer.to(operator)).toBe(operator)
    expect([operator.value].flat().every(isRefusedParameter)).toBe(true)
  })
}

test('a plaintext that was loaded from a row without an envelope does not pass, and a ciphertext does', () => {
  const transformer = new FieldTransformer('account.token', { kind: 'text', lazy: true })
  for (const loaded of [EncryptedValue.fromSource('a value'), EncryptedValue.fromStored('a value')]) {
    expect(isRefusedParameter(transformer.to(loaded))).toBe(true)
  }
  expect(transformer.to(EncryptedValue.fromStored('ws1:x'))).toBe('ws1:x')
})
