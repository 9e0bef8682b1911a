import { describe, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../../providers/local/index.js'
import type { Configuration, TableDeclaration } from '../../../src/config/index.js'
import { validateConfiguration } from '../../../src/config/load-configuration.js'

const provider = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 } as const
const least = {
  entity: 'credential',
  table: 'account',
  primaryKey: { id: 'uuid' },
  fields: [{ column: 'password' }],
} as const

const tableOf = (declaration: TableDeclaration) =>
  validateConfiguration({ provider, tables: [declaration] }).tables?.[0]

test('what is not declared has the usual value', () => {
  expect(tableOf(least)).toEqual({
    entity: 'credential',
    schema: 'public',
    table: 'account',
    primaryKey: [{ column: 'id', type: 'uuid' }],
    row: [{ column: 'id', type: 'uuid' }],
    metadata: 'encryption_metadata',
    fields: [{ column: 'password', id: 'credential.password', kind: 'text', type: 'text' }],
    context: [],
  })
})

test('what is declared counts', () => {
  const declared = tableOf({
    ...least,
    schema: 'shop',
    primaryKey: { org_id: 'integer', slot: 'text' },
    metadata: 'envelope',
    fields: [{ column: 'pw', id: 'credential.password', kind: 'json', type: 'bytea' }],
    context: { tenant: { column: 'tenant_id', type: 'uuid' } },
  })
  expect(declared).toEqual({
    entity: 'credential',
    schema: 'shop',
    table: 'account',
    primaryKey: [
      { column: 'org_id', type: 'integer' },
      { column: 'slot', type: 'text' },
    ],
    row: [
      { column: 'org_id', type: 'integer' },
      { column: 'slot', type: 'text' },
    ],
    metadata: 'envelope',
    fields: [{ column: 'pw', id: 'credential.password', kind: 'json', type: 'bytea' }],
    context: [{ name: 'tenant', column: 'tenant_id', type: 'uuid' }],
  })
})

test('a row that is not bound leaves only the context', () => {
  const declared = tableOf({ ...least, bindRow: false, context: { tenant: { column: 'tenant_id', type: 'uuid' } } })
  expect(declared).toMatchObject({ primaryKey: [{ column: 'id', type: 'uuid' }], row: [] })
})

describe('refused:', () => {
  const cases: [name: string, changes: object, message: RegExp][] = [
    ['no entity', { entity: undefined }, /tables\[0\]\.entity: expected text, found nothing/],
    ['no primary key', { primaryKey: {} }, /tables\[0\]\.primaryKey: expected at least one column/],
    [
      'a type that nothing can be bound to',
      { primaryKey: { id: 'timestamp' } },
      /tables\[0\]\.primaryKey\.id: expected one of uuid, integer, text/,
    ],
    ['no field', { fields: [] }, /tables\[0\]\.fields: expected at least one column/],
    [
      'a column twice',
      { fields: [{ column: 'a' }, { column: 'a', id: 'b' }] },
      /tables\[0\]\.fields: expected each column once/,
    ],
    [
      'an unknown kind',
      { fields: [{ column: 'a', kind: 'xml' }] },
      /tables\[0\]\.fields\[0\]\.kind: expected one of text, json, bytes/,
    ],
    [
      'an unknown option',
      { fields: [{ column: 'a', lazy: true }] },
      /tables\[0\]\.fields\[0\]\.lazy: no such option; known are column, id, kind, type/,
    ],
    [
      'a reserved pair',
      { context: { 'waxseal-row': { column: 'a', type: 'text' } } },
      /tables\[0\]\.context\.waxseal-row: expected pair names/,
    ],
    [
      'neither row nor context',
      { bindRow: false },
      /tables\[0\]\.context: expected at least one pair, since "bindRow" is false/,
    ],
  ]
  for (const [name, changes, message] of cases) {
    test(name, () => {
      const configuration = { provider, tables: [{ ...least, ...changes }] } as unknown as Configuration
      expect(() => validateConfiguration(configuration)).toThrow(message)
    })
  }
})
