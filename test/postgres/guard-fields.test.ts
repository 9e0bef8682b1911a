import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { metadataToJson } from '../../src/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, FIELDS, install, outcome, type Row, shreddedShape } from './credentials.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(
    `CREATE COLLATION case_insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  )
})
afterAll(() => database.drop())

const commitment = randomBytes(32).toString('base64url')
const payload = randomBytes(40).toString('base64url')
const swapLast = (text: string, last: string) => text.slice(0, -1) + last

const malformedText: [string, string | Buffer][] = [
  ['plaintext', 'hunter2'],
  ['the empty string', ''],
  ['an unknown format', `ws2:${commitment}:${payload}`],
  ['no format', `${commitment}:${payload}`],
  ['something before it', ` ws1:${commitment}:${payload}`],
  ['a newline after it', `ws1:${commitment}:${payload}\n`],
  ['a line of plaintext before it', `hunter2\nws1:${commitment}:${payload}`],
  ['a short commitment', `ws1:${commitment.slice(1)}:${payload}A`],
  ['a long commitment', `ws1:A${commitment}:${payload}`],
  ['a commitment with loose bits', `ws1:${swapLast(commitment, 'B')}:${payload}`],
  ['a commitment that is not base64url', `ws1:+${commitment.slice(1)}:${payload}`],
  ['a third part', `ws1:${commitment}:${payload}:${payload}`],
  ['a payload with padding', `ws1:${commitment}:${randomBytes(41).toString('base64url')}=`],
  ['a payload in base64', `ws1:${commitment}:${payload.slice(0, -2)}+/`],
  ['a payload without a tag', `ws1:${commitment}:${randomBytes(27).toString('base64url')}`],
  ['no payload', `ws1:${commitment}:`],
  ['a payload of an impossible length', `ws1:${commitment}:${randomBytes(42).toString('base64url')}A`],
  ['a payload with two loose bits', `ws1:${commitment}:${swapLast(randomBytes(41).toString('base64url'), 'B')}`],
  ['a payload with four loose bits', `ws1:${commitment}:${swapLast(randomBytes(40).toString('base64url'), 'B')}`],
  ['letters beyond ASCII', `ws1:${commitment}:é${payload}`],
]

const bytes = (...parts: Uint8Array[]) => Buffer.concat(parts)
const malformedBytes: [string, string | Buffer][] = [
  ['plaintext', Buffer.from('hunter2')],
  ['no bytes', Buffer.alloc(0)],
  ['the first byte alone', Buffer.from([1])],
  ['an unknown format', bytes(Buffer.from([2]), randomBytes(32 + 28))],
  ['no format', bytes(Buffer.from([0]), randomBytes(32 + 28))],
  ['the text form', Buffer.from(`ws1:${commitment}:${payload}`)],
  ['a payload without a whole tag', bytes(Buffer.from([1]), randomBytes(32 + 27))],
]

describe.each([
  { fieldType: 'text', collation: undefined, malformed: malformedText },
  { fieldType: 'text', collation: 'case_insensitive', malformed: malformedText },
  { fieldType: 'bytea', collation: undefined, malformed: malformedBytes },
] as const)('fields of type $fieldType, collation $collation', ({ fieldType, collation, malformed }) => {
  let credentials: Credentials
  let row: Row

  beforeAll(async () => {
    credentials = await Credentials.create(database.client, {
      schema: `fields_${fieldType}_${collation ?? 'default'}`,
      fieldType,
      ...(collation && { collation }),
    })
    row = await credentials.insert({ password: 'hunter2', oauth: { access: 'token' } })
  })

  describe.each(malformed)('%s', (_name, value) => {
    test.each(FIELDS)('is refused in %s on insert', async (field) => {
      const id = randomUUID()
      const { metadata } = await credentials.mint(id)
      const values = FIELDS.map((name) => (name === field ? value : null))
      const inserted = credentials.insertStored(id, 'acme', values, metadataToJson(metadata))
      expect(await outcome(inserted)).toBe('WX001')
    })

    test.each(FIELDS)('is refused in %s on update', async (field) => {
      expect(await outcome(credentials.update(row.id, { [field]: value }))).toBe('WX001')
    })
  })

  test.each([28, 29, 30, 31])('a payload of %i bytes is accepted', async (size) => {
    const metadata = row.encryption_metadata
    const head = Buffer.from(metadata.commitment, 'base64url')
    const value =
      fieldType === 'text'
        ? `ws1:${metadata.commitment}:${randomBytes(size).toString('base64url')}`
        : bytes(Buffer.from([1]), head, randomBytes(size))
    const copy = await credentials.insert({ password: 'x' })
    const own = { ...metadata, id: randomBytes(16).toString('base64url') }
    await credentials.query('DELETE FROM {table} WHERE id = $1', [copy.id])
    expect(await outcome(credentials.insertStored(copy.id, 'acme', [value], own))).toBe('accepted')
  })

  test('a field of another data key is refused, on insert and on update', async () => {
    const id = randomUUID()
    const [one, other] = [await credentials.mint(id), await credentials.mint(id)]
    const foreign = credentials.encrypt(other, 'oauth', 'x')
    const own = credentials.encrypt(one, 'password', 'x')
    const inserted = credentials.insertStored(id, 'acme', [own, foreign], metadataToJson(one.metadata))
    expect(await outcome(inserted)).toBe('WX002')
    expect(await outcome(credentials.update(row.id, { oauth: foreign }))).toBe('WX002')
  })

  test('a field under empty metadata is refused, on insert and on update', async () => {
    const id = randomUUID()
    const value = credentials.encrypt(await credentials.mint(id), 'password', 'x')
    expect(await outcome(credentials.insertStored(id, 'acme', [value], {}))).toBe('WX002')
    expect(await outcome(credentials.update(row.id, { encryption_metadata: {} }))).toBe('WX002')
    await credentials.insertStored(id, 'acme', [], {})
    expect(await outcome(credentials.update(id, { password: value }))).toBe('WX002')
  })

  test('new metadata is refused while a field of the old data key remains', async () => {
    const next = await credentials.mint(row.id)
    const changes = {
      password: credentials.encrypt(next, 'password', 'x'),
      encryption_metadata: metadataToJson(next.metadata),
    }
    expect(await outcome(credentials.update(row.id, changes))).toBe('WX002')
    expect(await outcome(credentials.update(row.id, { ...changes, oauth: null }))).toBe('accepted')
    row = await credentials.insert({ password: 'hunter2', oauth: { access: 'token' } })
  })

  test('under shredded metadata a field may become null and nothing else', async () => {
    const { id, encryption_metadata } = await credentials.insert({ password: 'x', oauth: 'y' })
    const envelope = await credentials.open(await credentials.read(id))
    const again = credentials.encrypt(envelope, 'password', 'x')
    const shredded = shreddedShape(encryption_metadata)
    // Not in the statement that shreds either.
    expect(await outcome(credentials.update(id, { encryption_metadata: shredded, password: again }))).toBe('WX002')
    await credentials.update(id, { encryption_metadata: shredded })
    expect(await outcome(credentials.update(id, { password: again }))).toBe('WX002')
    expect(await outcome(credentials.update(id, { oauth: null }))).toBe('accepted')
    expect(await outcome(credentials.update(id, { oauth: credentials.encrypt(envelope, 'oauth', 'y') }))).toBe('WX002')
  })

  test('nothing was stored by a refused statement', async () => {
    expect(await credentials.decrypt(await credentials.read(row.id))).toEqual({
      password: 'hunter2',
      oauth: { access: 'token' },
    })
  })
})

test('a ciphertext that differs from the stored one in capitals only is a change, whatever the collation', async () => {
  const credentials = await Credentials.create(database.client, { schema: 'capitals', collation: 'case_insensitive' })
  const { id, password } = await credentials.insert({ password: 'x' })
  // Equal to the stored one in this collation, and no ciphertext.
  const capitals = String(password).replace(/^ws1/, 'WS1')
  expect(await outcome(credentials.update(id, { password: capitals }))).toBe('WX001')
})

test('a field that does not change is not matched again: a row from before the guard can be updated elsewhere', async () => {
  const credentials = await Credentials.create(database.client, { schema: 'before', guarded: false })
  const { id, password } = await credentials.insert({ password: 'x' })
  const malformed = `${password}=`
  await credentials.update(id, { password: malformed })
  await install(database.client, credentials.table)
  expect(await outcome(credentials.update(id, { name: 'renamed', password: malformed }))).toBe('accepted')
  expect(await outcome(credentials.update(id, { password: `${malformed}=` }))).toBe('WX001')
})
