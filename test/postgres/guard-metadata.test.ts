import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { metadataFromJson } from '../../src/index.js'
import { isOfFormat1 } from '../../src/postgres/guard-shapes.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, outcome, shreddedShape, wrapOf, wrappedShape } from './credentials.js'

let database: FreshDatabase
let credentials: Credentials

beforeAll(async () => {
  database = await freshDatabase()
  credentials = await Credentials.create(database.client)
})
afterAll(() => database.drop())

const insert = (metadata: unknown) => outcome(credentials.insertStored(randomUUID(), 'acme', [], metadata))

/** A row without fields, so that no other rule speaks. */
async function stored(metadata: unknown): Promise<string> {
  const id = randomUUID()
  await credentials.insertStored(id, 'acme', [], metadata)
  return id
}
const change = (id: string, metadata: unknown) => {
  return outcome(
    credentials.query('UPDATE {table} SET encryption_metadata = $2 WHERE id = $1', [id, JSON.stringify(metadata)]),
  )
}

const shape = wrappedShape
const withWrap = (wrap: unknown) => ({ ...shape(), wraps: [wrapOf(), wrap] })
const withKek = (kek: unknown) => withWrap({ ...wrapOf(), kek })
const kek = { provider: 'fake', id: 'k', version: '' }

const wellFormed: [string, () => unknown][] = [
  ['{}', () => ({})],
  ['one wrap', shape],
  ['eight wraps', () => ({ ...shape(), wraps: Array.from({ length: 8 }, () => wrapOf()) })],
  ['a version that is not known', () => withKek(kek)],
  ['the largest safe number of a wrap', () => ({ ...shape(), wrap: Number.MAX_SAFE_INTEGER })],
  ['a wrapped key of 4 KiB', () => withWrap({ ...wrapOf(), dataKey: randomBytes(4096).toString('base64url') })],
  ['the shredded shape', () => shreddedShape(shape())],
  ['a receipt of 128 characters', () => ({ ...shreddedShape(shape()), shredded: 'r'.repeat(128) })],
]

const malformed: [string, () => unknown][] = [
  ['JSON null', () => null],
  ['a string', () => 'hunter2'],
  ['a number', () => 1],
  ['an array', () => []],
  ['the shape in an array', () => [shape()]],
  ['a note', () => ({ note: 'hunter2' })],
  ['another format', () => ({ ...shape(), format: 2 })],
  ['the format as text', () => ({ ...shape(), format: '1' })],
  ['the format in an array', () => ({ ...shape(), format: [1, 'hunter2'] })],
  ['no format', () => ({ ...shape(), format: undefined })],
  ['no id', () => ({ ...shape(), id: undefined })],
  ['a short id', () => ({ ...shape(), id: randomBytes(15).toString('base64url') })],
  ['an id in base64', () => ({ ...shape(), id: `+${randomBytes(16).toString('base64url').slice(1)}` })],
  ['an id with loose bits', () => ({ ...shape(), id: `${'A'.repeat(21)}B` })],
  ['an id in an array', () => ({ ...shape(), id: [shape().id] })],
  ['a number as id', () => ({ ...shape(), id: 1234567890123456 })],
  ['no commitment', () => ({ ...shape(), commitment: undefined })],
  ['a long commitment', () => ({ ...shape(), commitment: randomBytes(33).toString('base64url') })],
  ['a commitment with loose bits', () => ({ ...shape(), commitment: `${'A'.repeat(42)}B` })],
  ['no number of the wrap', () => ({ ...shape(), wrap: undefined })],
  ['the wrap 0', () => ({ ...shape(), wrap: 0 })],
  ['half a wrap', () => ({ ...shape(), wrap: 1.5 })],
  ['the wrap as text', () => ({ ...shape(), wrap: '1' })],
  ['the wrap as an array', () => ({ ...shape(), wrap: [1] })],
  ['a wrap beyond the safe numbers', () => ({ ...shape(), wrap: 2 ** 53 })],
  ['no wraps', () => ({ ...shape(), wraps: undefined })],
  ['an empty list of wraps', () => ({ ...shape(), wraps: [] })],
  ['nine wraps', () => ({ ...shape(), wraps: Array.from({ length: 9 }, () => wrapOf()) })],
  ['a wrap instead of a list', () => ({ ...shape(), wraps: wrapOf() })],
  ['a list in the list', () => ({ ...shape(), wraps: [[wrapOf()]] })],
  ['wraps and shredded', () => ({ ...shape(), shredded: 'receipt-1' })],
  ['another member', () => ({ ...shape(), note: 'hunter2' })],
  ['another member beside shredded', () => ({ ...shreddedShape(shape()), note: 'hunter2' })],
  ['no receipt', () => ({ ...shreddedShape(shape()), shredded: '' })],
  ['a receipt with a space', () => ({ ...shreddedShape(shape()), shredded: 'receipt 1' })],
  ['a long receipt', () => ({ ...shreddedShape(shape()), shredded: 'r'.repeat(129) })],
  ['a receipt that is null', () => ({ ...shreddedShape(shape()), shredded: null })],
  ['a receipt that is an object', () => ({ ...shreddedShape(shape()), shredded: { note: 'hunter2' } })],
  ['a wrap that is null', () => withWrap(null)],
  ['a wrap that is a string', () => withWrap('hunter2')],
  ['an empty wrap', () => withWrap({})],
  ['another member of a wrap', () => withWrap({ ...wrapOf(), note: 'hunter2' })],
  ['a deep member in a wrap', () => withWrap({ ...wrapOf(), note: { note: { note: 'hunter2' } } })],
  [
    'one member too many and one too few',
    () => ({
      ...shape(),
      wraps: [
        { ...wrapOf(), note: 'hunter2' },
        { kek, dataKey: 'AAAA' },
      ],
    }),
  ],
  ['a wrap without a KEK', () => withWrap({ ...wrapOf(), kek: undefined })],
  ['a KEK as text', () => withKek('fake:k')],
  ['another member of a KEK', () => withKek({ ...kek, note: 'hunter2' })],
  ['a KEK without a version', () => withKek({ provider: 'fake', id: 'k' })],
  ['a version that is null', () => withKek({ ...kek, version: null })],
  ['a version that is a number', () => withKek({ ...kek, version: 1 })],
  ['a KEK without an id', () => withKek({ ...kek, id: '' })],
  ['a KEK id with a space', () => withKek({ ...kek, id: 'a b' })],
  ['a KEK id beyond ASCII', () => withKek({ ...kek, id: 'é' })],
  ['a KEK id with a control character', () => withKek({ ...kek, id: 'a\u001b[31m' })],
  ['a KEK id in an array', () => withKek({ ...kek, id: ['k'] })],
  ['a provider in capitals', () => withKek({ ...kek, provider: 'AWS' })],
  ['a long name of a provider', () => withKek({ ...kek, provider: 'a'.repeat(33) })],
  ['no wrapped key', () => withWrap({ ...wrapOf(), dataKey: '' })],
  ['a wrapped key in base64', () => withWrap({ ...wrapOf(), dataKey: 'AA+/' })],
  ['a wrapped key with padding', () => withWrap({ ...wrapOf(), dataKey: 'AAA=' })],
  ['a wrapped key with loose bits', () => withWrap({ ...wrapOf(), dataKey: 'AB' })],
  ['a wrapped key of an impossible length', () => withWrap({ ...wrapOf(), dataKey: 'AAAAA' })],
  ['a wrapped key that is an array', () => withWrap({ ...wrapOf(), dataKey: ['AAAA'] })],
  ['an instant with fractions', () => withWrap({ ...wrapOf(), wrappedAt: '2026-11-22T21:00:00.000Z' })],
  ['an instant with an offset', () => withWrap({ ...wrapOf(), wrappedAt: '2026-11-22T21:00:00+00:00' })],
  ['an instant of no day', () => withWrap({ ...wrapOf(), wrappedAt: '2026-13-22T21:00:00Z' })],
  ['an instant of no hour', () => withWrap({ ...wrapOf(), wrappedAt: '2026-11-22T24:00:00Z' })],
  ['an instant in milliseconds', () => withWrap({ ...wrapOf(), wrappedAt: 1795381200000 })],
]

describe('metadata of format 1', () => {
  test.each(wellFormed)('%s is accepted, on insert and on update', async (_name, metadata) => {
    expect(await insert(metadata())).toBe('accepted')
    expect(await change(await stored({}), metadata())).toBe('accepted')
  })

  test.each(malformed)('%s is refused, on insert and on update', async (_name, metadata) => {
    expect(await insert(metadata())).toBe('WX005')
    expect(await change(await stored({}), metadata())).toBe('WX005')
  })

  test('a metadata column without NOT NULL is no way around', async () => {
    const loose = await Credentials.create(database.client, { schema: 'loose' })
    await loose.query('ALTER TABLE {table} ALTER encryption_metadata DROP NOT NULL')
    const inserted = loose.query('INSERT INTO {table} (id, tenant_id, encryption_metadata) VALUES ($1, $2, NULL)', [
      randomUUID(),
      'acme',
    ])
    expect(await outcome(inserted)).toBe('WX005')
  })

  test('the guard and the reader agree on which days exist', async () => {
    const days = [1900, 2000, 2023, 2024, 2100, 9999].flatMap((year) =>
      Array.from({ length: 13 * 33 }, (_, n) => {
        const [month, day] = [Math.floor(n / 33), n % 33].map((part) => String(part).padStart(2, '0'))
        return { ...shape(), wraps: [{ ...wrapOf(), wrappedAt: `${year}-${month}-${day}T23:59:59Z` }] }
      }),
    )
    const { rows } = await database.client.query<{ fits: boolean }>(
      `select (${isOfFormat1('metadata')}) is true as fits
         from unnest($1::jsonb[]) with ordinality as given (metadata, place) order by place`,
      [days.map((metadata) => JSON.stringify(metadata))],
    )
    expect(rows.map(({ fits }) => fits)).toEqual(days.map(isReadable))
    expect(rows.filter(({ fits }) => fits)).toHaveLength(6 * 365 + 2)
  })

  // Whatever the guard lets in, the reader has to be able to read, and the other way round: else rows would be lost.
  test('the guard and the reader agree on any alteration of it', async () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(null, true, 0, 1, 2, 1.5, '', 'A', 'AAAA', 'AB', [], {}, '2026-11-22T21:00:00Z', [1]),
      fc.string().filter((text) => !text.includes('\0')),
      fc.base64String().map((text) => text.replace(/[+/=]/g, '_')),
    )
    const alteration = fc.record({
      at: fc.nat(),
      how: fc.constantFrom('drop', 'replace', 'enclose', 'add'),
      name: fc.constantFrom('note', 'wrap', 'wraps', 'shredded', 'format', 'id', 'kek', 'version'),
      value,
    })
    const start = fc.constantFrom(shape(), { ...shape(), wraps: [wrapOf(), wrapOf()] }, shreddedShape(shape()))
    let refusals = 0
    await fc.assert(
      fc.asyncProperty(start, fc.array(alteration, { maxLength: 2 }), async (from, alterations) => {
        const metadata = alterations.reduce((json: unknown, each) => alter(json, each), structuredClone(from))
        const readable = isReadable(metadata)
        if (!readable) refusals += 1
        await database.client.query('BEGIN')
        const found = await insert(metadata)
        await database.client.query('ROLLBACK')
        expect(found).toBe(readable ? 'accepted' : 'WX005')
      }),
      { numRuns: 2_000 },
    )
    expect(refusals).toBeGreaterThan(500)
    expect(refusals).toBeLessThan(1_900)
  })
})

describe('a change of metadata', () => {
  const next = (from: Record<string, any>, changes: object = {}) => ({
    ...from,
    wrap: from.wrap + 1,
    wraps: [wrapOf('next')],
    ...changes,
  })
  const cases: [string, (from: ReturnType<typeof shape>) => unknown, string][] = [
    ['new wraps with the next number', (from) => next(from), 'accepted'],
    ['a further wrap with the next number', (from) => next(from, { wraps: [...from.wraps, wrapOf()] }), 'accepted'],
    ['a number further on', (from) => next(from, { wrap: 1_000 }), 'accepted'],
    ['the number alone', (from) => ({ ...from, wrap: from.wrap + 1 }), 'accepted'],
    ['the shredded shape', (from) => shreddedShape(from), 'accepted'],
    ['another envelope', () => shape(), 'accepted'],
    ['no envelope', () => ({}), 'accepted'],
    ['the same once more', (from) => ({ ...from }), 'accepted'],
    ['new wraps under the same number', (from) => next(from, { wrap: from.wrap }), 'WX004'],
    ['new wraps under a lower number', (from) => next(from, { wrap: from.wrap - 1 }), 'WX004'],
    [
      'wraps with the next number and another commitment',
      (from) => next(from, { commitment: shape().commitment }),
      'WX004',
    ],
    ['wraps with the next number and another id', (from) => next(from, { id: shape().id }), 'WX004'],
    [
      'shredding with another commitment',
      (from) => shreddedShape({ ...from, commitment: shape().commitment }),
      'WX004',
    ],
    ['shredding with another id', (from) => shreddedShape({ ...from, id: shape().id }), 'WX004'],
    // Compared as JSON, where a text is below every number and a boolean above: no cast that could fail on the value.
    ['a number that is text', (from) => next(from, { wrap: 'hunter2' }), 'WX004'],
    ['a number that is a boolean', (from) => next(from, { wrap: true }), 'WX005'],
  ]

  test.each(cases)('to %s', async (_name, metadata, expected) => {
    const from = { ...shape(), wrap: 5 }
    expect(await change(await stored(from), metadata(from))).toBe(expected)
  })

  const shredded: [string, (from: ReturnType<typeof shape>) => unknown, string][] = [
    ['another receipt', (from) => ({ ...shreddedShape(from), shredded: 'receipt-2' }), 'WX004'],
    ['the wraps that were there', (from) => from, 'WX004'],
    ['the wraps that were there, with the next number', (from) => next(from), 'WX004'],
    ['another envelope', () => shape(), 'accepted'],
    ['no envelope', () => ({}), 'accepted'],
  ]

  test.each(shredded)('from shredded to %s', async (_name, metadata, expected) => {
    const from = shape()
    expect(await change(await stored(shreddedShape(from)), metadata(from))).toBe(expected)
  })

  test('from metadata that is not of format 1 is refused under the same id', async () => {
    const from = shape()
    const id = randomUUID()
    await credentials.query('ALTER TABLE {table} DISABLE TRIGGER waxseal_wx005_insert')
    await credentials.insertStored(id, 'acme', [], { id: from.id, wraps: [] })
    await credentials.query('ALTER TABLE {table} ENABLE ALWAYS TRIGGER waxseal_wx005_insert')
    expect(await change(id, from)).toBe('WX004')
    expect(await change(id, shape())).toBe('accepted')
  })

  test('one envelope cannot stand in two rows', async () => {
    const from = shape()
    await stored(from)
    expect(await insert(from)).toBe('23505')
    expect(await change(await stored({}), from)).toBe('23505')
    expect(await insert({})).toBe('accepted')
  })
})

interface Alteration {
  readonly at: number
  readonly how: string
  readonly name: string
  readonly value: unknown
}

/** Alters one of the values that the JSON holds, itself included. */
function alter(json: unknown, { at, how, name, value }: Alteration): unknown {
  const places: { get: () => any; set: (value: unknown) => void }[] = []
  const root = { json }
  const visit = (parent: any, key: string | number) => {
    places.push({
      get: () => parent[key],
      set: (next) => {
        parent[key] = next
      },
    })
    const child = parent[key]
    if (typeof child === 'object' && child !== null) for (const each of Object.keys(child)) visit(child, each)
  }
  visit(root, 'json')
  const place = places[at % places.length]!
  const found = place.get()
  if (how === 'replace') place.set(value)
  else if (how === 'enclose') place.set([found])
  else if (how === 'add' && typeof found === 'object' && found !== null && !Array.isArray(found)) found[name] = value
  else if (how === 'drop' && places[0] !== place) place.set(undefined)
  return JSON.parse(JSON.stringify(root.json))
}

function isReadable(metadata: unknown): boolean {
  try {
    metadataFromJson(metadata)
    return true
  } catch {
    return false
  }
}
