import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import { DATA_KEY_BYTES, DataKey } from '../../../src/kms/data-key.js'

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

/** The bytes of `dataKey` in the spellings in which they could be printed. */
function spellings(dataKey: DataKey): string[] {
  return dataKey.withBytes((bytes) => {
    const buffer = Buffer.from(bytes)
    return [
      ...(['hex', 'base64', 'base64url', 'latin1'] as const).map((each) => buffer.toString(each)),
      buffer.join(', '),
    ]
  })
}

test('generated data keys have 32 bytes and differ', () => {
  const keys = Array.from({ length: 100 }, () => DataKey.generate())
  for (const { keyObject } of keys) {
    expect(keyObject.type).toBe('secret')
    expect(keyObject.symmetricKeySize).toBe(DATA_KEY_BYTES)
  }
  expect(new Set(keys.map((key) => spellings(key)[0])).size).toBe(100)
})

test('an adopted data key has the bytes that it was made of', () => {
  const bytes = randomBytes(32)
  const copy = Buffer.from(bytes)
  expect(DataKey.adopt(bytes).withBytes((found) => copy.equals(found))).toBe(true)
})

for (const length of [0, 16, 31, 32, 33, 64]) {
  test(`${length} adopted bytes are zeroed, and refused unless they are 32`, () => {
    const bytes = new Uint8Array(length).fill(7)
    if (length === 32) DataKey.adopt(bytes)
    else expect(() => DataKey.adopt(bytes)).toThrow(new TypeError(`a data key has 32 bytes, found ${length}`))
    expect(isZero(bytes)).toBe(true)
  })
}

const PRINTED: readonly (readonly [string, (dataKey: DataKey) => string, string])[] = [
  ['a template string', (dataKey) => `${dataKey}`, '[DataKey]'],
  ['String()', String, '[DataKey]'],
  ['JSON.stringify', JSON.stringify, '"[DataKey]"'],
  ['inspect', (dataKey) => inspect(dataKey), '[DataKey]'],
  ['inspect at full depth with hidden properties', everything, '[DataKey]'],
  ['inspect of an object around it', (dataKey) => inspect({ dataKey }), '{ dataKey: [DataKey] }'],
]

for (const [name, print, expected] of PRINTED) {
  test(`${name} prints [DataKey]`, () => {
    expect(print(DataKey.generate())).toBe(expected)
  })
}

function everything(value: unknown): string {
  return inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxArrayLength: null })
}

test('not even an inspection that ignores our own prints the bytes', () => {
  const dataKey = DataKey.generate()
  const printed = inspect(dataKey, { depth: Number.POSITIVE_INFINITY, showHidden: true, customInspect: false })
  for (const spelling of spellings(dataKey)) expect(printed).not.toContain(spelling)
})

test('a copy by structuredClone, spread or assignment holds no key', () => {
  const dataKey = DataKey.generate()
  for (const copy of [structuredClone(dataKey), { ...dataKey }, Object.assign({}, dataKey)]) {
    expect(Reflect.ownKeys(copy)).toEqual([])
  }
})

test('lent bytes are zeroed when the use returns', () => {
  let lent: Uint8Array = new Uint8Array()
  const result = DataKey.generate().withBytes((bytes) => {
    lent = bytes
    return isZero(bytes)
  })
  expect(result).toBe(false)
  expect(isZero(lent)).toBe(true)
})

test('lent bytes are zeroed when the use throws', () => {
  let lent: Uint8Array = new Uint8Array([1])
  const use = (bytes: Uint8Array) => {
    lent = bytes
    throw new RangeError('in use')
  }
  expect(() => DataKey.generate().withBytes(use)).toThrow(RangeError)
  expect(isZero(lent)).toBe(true)
})

test('lent bytes stay until the promise of the use settles', async () => {
  let lent: Uint8Array = new Uint8Array()
  let finish: (result: string) => void = () => undefined
  const done = DataKey.generate().withBytes((bytes) => {
    lent = bytes
    return new Promise<string>((resolve) => {
      finish = resolve
    })
  })
  await Promise.resolve()
  expect(isZero(lent)).toBe(false)
  finish('done')
  await expect(done).resolves.toBe('done')
  expect(isZero(lent)).toBe(true)
})

test('lent bytes are zeroed when the promise of the use rejects', async () => {
  let lent: Uint8Array = new Uint8Array([1])
  const done = DataKey.generate().withBytes(async (bytes) => {
    lent = bytes
    throw new RangeError('in use')
  })
  await expect(done).rejects.toThrow(RangeError)
  expect(isZero(lent)).toBe(true)
})

test('lent bytes stay until a promise of another realm settles', async () => {
  let lent: Uint8Array = new Uint8Array()
  const foreign = runInNewContext(
    'let resolve; const promise = new Promise((r) => { resolve = r }); ({ promise, resolve })',
  )
  const done = DataKey.generate().withBytes((bytes) => {
    lent = bytes
    return foreign.promise as Promise<void>
  })
  await Promise.resolve()
  expect(isZero(lent)).toBe(false)
  foreign.resolve()
  await done
  expect(isZero(lent)).toBe(true)
})

test('what is lent is a copy: zeroing it does not harm the data key', () => {
  const dataKey = DataKey.generate()
  const first = spellings(dataKey)
  expect(spellings(dataKey)).toEqual(first)
})

test('a destroyed data key throws on every use, and may be destroyed again', () => {
  const dataKey = DataKey.generate()
  dataKey.destroy()
  dataKey.destroy()
  const destroyed = new TypeError('the data key was destroyed')
  expect(() => dataKey.keyObject).toThrow(destroyed)
  expect(() => dataKey.withBytes(() => undefined)).toThrow(destroyed)
  expect(`${dataKey}`).toBe('[DataKey]')
})
