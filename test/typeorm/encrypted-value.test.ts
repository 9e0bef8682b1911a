import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { EncryptedValue } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { READ_ENTITIES, Shop } from './read-entities.js'

let database: FreshDatabase
let encrypted: EncryptedDataSource
let shops: Repository<Shop>
let loaded: EncryptedValue<string>

beforeAll(async () => {
  database = await freshDatabase()
  encrypted = await encryptedDataSource(database, READ_ENTITIES)
  shops = encrypted.dataSource.getRepository(Shop)
  const { id } = await shops.save(shops.create({ tenantId: randomUUID(), token: 'canary of the token' }))
  loaded = (await shops.findOneByOrFail({ id })).token as EncryptedValue<string>
})

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

const values: readonly [which: string, value: () => EncryptedValue<string>][] = [
  ['a loaded value', () => loaded],
  ['a value to be saved', () => EncryptedValue.of('canary of the token')],
]

for (const [which, value] of values) {
  describe(which, () => {
    const conversions: Record<string, () => unknown> = {
      'String()': () => String(value()),
      'a template': () => `${value()}`,
      concatenation: () => `${'x'}${value()}`,
      'toString()': () => value().toString(),
      'valueOf()': () => value().valueOf(),
      'Number()': () => Number(value()),
      'comparison with <': () => (value() as unknown as string) < 'x',
      // biome-ignore lint/suspicious/noDoubleEquals: the conversion is what is tested
      'comparison with ==': () => (value() as unknown as string) == 'canary of the token',
      'use as a key': () => ({ [value() as unknown as string]: 1 }),
      'join()': () => [value()].join(),
    }
    for (const [name, convert] of Object.entries(conversions)) {
      test(`refuses ${name}`, () => {
        expect(convert).toThrow('an encrypted value is not a string; await its decrypt()')
      })
    }

    test('prints [encrypted] and nothing of itself', () => {
      const prints = [
        inspect(value()),
        inspect({ deep: { value: value() } }, { showHidden: true, depth: 9 }),
        JSON.stringify({ value: value() }),
        JSON.stringify(Object.entries(value())),
        JSON.stringify(Reflect.ownKeys(value()).map(String)),
      ]
      expect(prints.slice(0, 3)).toEqual(['[encrypted]', '{ deep: { value: [encrypted] } }', '{"value":"[encrypted]"}'])
      for (const print of prints) expect(print).not.toMatch(/canary|ws1:/)
    })

    test('a structured clone of it holds nothing', () => {
      expect(structuredClone(value())).toEqual({})
    })

    test('decrypt() gives the plaintext, each time', async () => {
      await expect(value().decrypt()).resolves.toBe('canary of the token')
      await expect(value().decrypt()).resolves.toBe('canary of the token')
    })
  })
}

test('what looks like one is none', async () => {
  const forged = Object.create(EncryptedValue.prototype) as EncryptedValue<string>
  await expect(shops.save(shops.create({ tenantId: randomUUID(), token: forged }))).rejects.toMatchObject({
    code: 'ERR_PLAINTEXT_REFUSED',
  })
})

test('the entity prints its lazy field as [encrypted]', async () => {
  const [shop] = await shops.find()
  expect(JSON.parse(JSON.stringify(shop)).token).toBe('[encrypted]')
  expect(inspect(shop)).toContain('token: [encrypted]')
})
