import { expect, test } from '@jest/globals'
import { Equal, In, Not } from 'typeorm'
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
