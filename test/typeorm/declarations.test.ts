import assert from 'node:assert/strict'
import { describe, expect, test } from '@jest/globals'
import { DataSource, type DataSourceOptions } from 'typeorm'
import { EnvelopeCipher } from '../../src/index.js'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import {
  Encrypted,
  EncryptionMetadata,
  encryptedColumn,
  encryptionMetadataColumn,
  withEncryption,
} from '../../src/typeorm/index.js'

/** What is refused before there is a DataSource that could start. */

const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
const plainDataSource = (options: object = {}) =>
  new DataSource({ type: 'postgres', url: 'postgres://localhost:1/none', ...options } as DataSourceOptions)

function refusal(run: () => unknown): { code: string; message: string } {
  try {
    run()
  } catch (error) {
    return error as { code: string; message: string }
  }
  assert.fail('it was not refused')
}

class Target {}
const decorate = (decorator: PropertyDecorator) => decorator(Target.prototype, 'secret')

describe('@Encrypted', () => {
  const cases: readonly [options: object, message: RegExp][] = [
    [{ default: 'x' }, /unknown option "default": the database would store it in plaintext/],
    [{ unique: true }, /unknown option "unique": equal plaintexts have different ciphertexts/],
    [{ index: true }, /unknown option "index": ciphertexts cannot be searched/],
    [{ length: 20 }, /unknown option "length": .*limit the length before you assign it/],
    [{ array: true }, /unknown option "array": use as: "json"/],
    [{ primary: true }, /unknown option "primary": a key cannot be encrypted/],
    [{ transformer: {} }, /unknown option "transformer": .*convert before you assign/],
    [{ nulable: true }, /unknown option "nulable"; expected one of as, lazy, id, type, nullable/],
    [{ constructor: 1 }, /unknown option "constructor"; expected one of/],
    [{ as: 'xml' }, /"as" must be one of text, json, bytes/],
    [{ type: 'varchar' }, /"type" must be text or bytea/],
    [{ id: 'a b' }, /"id" must match .*it is stored with the data/],
    [{ id: '' }, /"id" must match/],
    [{ id: 'x'.repeat(129) }, /"id" must match/],
  ]
  for (const [options, message] of cases) {
    test(`refuses ${JSON.stringify(options).slice(0, 40)}, naming the property`, () => {
      const error = refusal(() => decorate(Encrypted(options)))
      expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(/^Target\.secret: /) })
      expect(error.message).toMatch(message)
    })

    test(`encryptedColumn() refuses ${JSON.stringify(options).slice(0, 40)}`, () => {
      expect(refusal(() => encryptedColumn(options)).message).toMatch(message)
    })
  }
})

describe('@EncryptionMetadata', () => {
  const cases: readonly [options: object, message: RegExp][] = [
    [{}, /"entity" must match/],
    [{ entity: 'a/b' }, /"entity" must match .*fix it for good/],
    [{ entity: 'x', nullable: true }, /unknown option "nullable"; expected one of entity, context, row, bindRow/],
    [{ entity: 'x', select: false }, /unknown option "select"/],
    [{ entity: 'x', default: '{}' }, /unknown option "default"/],
    [{ entity: 'x', type: 'json' }, /unknown option "type"/],
    [
      { entity: 'x', context: { 'waxseal-row': 'id' } },
      /a context name .* does not start with waxseal-; found "waxseal-row"/,
    ],
    [{ entity: 'x', context: { 'aws:tenant': 'id' } }, /a context name has a-z, 0-9 and "-"/],
    [{ entity: 'x', context: { Tenant: 'id' } }, /a context name has a-z/],
    [{ entity: 'x', context: { '': 'id' } }, /a context name has a-z/],
    [{ entity: 'x', bindRow: false }, /with bindRow: false declare a context, such as/],
    [{ entity: 'x', bindRow: false, context: {} }, /with bindRow: false declare a context/],
  ]
  for (const [options, message] of cases) {
    test(`refuses ${JSON.stringify(options)}`, () => {
      const error = refusal(() => decorate(EncryptionMetadata(options as never)))
      expect(error.code).toBe('ERR_CONFIGURATION')
      expect(error.message).toMatch(message)
      expect(refusal(() => encryptionMetadataColumn(options as never)).message).toMatch(message)
    })
  }
})

describe('withEncryption', () => {
  const cases: readonly [options: object, message: RegExp][] = [
    [{}, /"cipher" is required, and must be an EnvelopeCipher, or a function that returns one/],
    [{ cipher: new FaultyProvider() }, /"cipher" must be an EnvelopeCipher, or a function/],
    [{ cipher: null }, /"cipher" must be an EnvelopeCipher, or a function/],
    [{ cipher, gaurd: 'warn' }, /unknown option "gaurd"; expected one of cipher, guard/],
    [{ cipher, guard: 'off' }, /"guard" must be one of require, install, warn/],
    [{ cipher, onUnreadable: 'null' }, /"onUnreadable" must be throw or leave/],
    [{ cipher, timeoutMs: 0 }, /"timeoutMs" must be a whole number from 1/],
    [{ cipher, timeoutMs: Number.NaN }, /"timeoutMs" must be a whole number from 1/],
    [{ cipher, timeoutMs: '5s' }, /"timeoutMs" must be a whole number from 1/],
    [{ cipher, expectedContext: { tenant: 'x' } }, /"expectedContext" must be a function/],
    [{ cipher, clock: Date }, /"clock" must have the methods now and after/],
  ]
  for (const [options, message] of cases) {
    test(`refuses ${Object.keys(options).at(-1) ?? 'no options'}: ${message.source.slice(0, 50)}`, () => {
      const error = refusal(() => withEncryption(plainDataSource(), options as never))
      expect(error.code).toBe('ERR_CONFIGURATION')
      expect(error.message).toMatch(message)
    })
  }

  test('refuses a second call on one DataSource', () => {
    const dataSource = withEncryption(plainDataSource(), { cipher })
    expect(refusal(() => withEncryption(dataSource, { cipher }))).toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('has encryption already'),
    })
  })

  test('returns the same DataSource', () => {
    const dataSource = plainDataSource()
    expect(withEncryption(dataSource, { cipher })).toBe(dataSource)
  })

  test('refuses a DataSource of another database', () => {
    const dataSource = plainDataSource({ type: 'cockroachdb', timeTravelQueries: false })
    expect(refusal(() => withEncryption(dataSource, { cipher }))).toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('type postgres, found cockroachdb'),
    })
  })
})
