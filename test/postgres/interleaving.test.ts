import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import pg from 'pg'
import { metadataToJson } from '../../src/index.js'
import { readEnvelopes, rewrapRows } from '../../src/postgres/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, FIELDS, type FieldName, type Row, shreddedShape } from './credentials.js'

let database: FreshDatabase
let other: pg.Client
let credentials: Credentials

beforeAll(async () => {
  database = await freshDatabase()
  other = new pg.Client({ connectionString: database.url })
  await other.connect()
  credentials = await Credentials.create(database.client)
})
afterAll(async () => {
  await other.end()
  await database.drop()
})

type Kind = 'full' | 'partial' | 'null' | 'rewrap'
interface Step {
  /** Which of two writers reads, or writes what it has read. */
  readonly writer: 0 | 1
  readonly kind: Kind
  readonly field: FieldName
}

/** What a writer has in mind: the columns that it sets on the row that it read. */
interface Intent {
  readonly row: Row
  readonly changes: Record<string, unknown>
  readonly plain: Partial<Record<FieldName, string | null>>
}

let values = 0

/** As an ORM would, from a row that may be old by the time it writes: changed columns only, metadata where it mints. */
async function intend(row: Row, { kind, field }: Step): Promise<Intent> {
  const value = `value ${values++}`
  const empty = Object.keys(row.encryption_metadata).length === 0
  if (kind === 'null') {
    const rest = FIELDS.filter((name) => name !== field && row[name] !== null)
    const changes = { [field]: null, ...(rest.length === 0 && { encryption_metadata: {} }) }
    return { row, changes, plain: { [field]: null } }
  }
  const fields = kind === 'full' ? FIELDS : [field]
  const remaining = FIELDS.some((name) => !fields.includes(name) && row[name] !== null)
  const mints = empty || !remaining
  const envelope = mints ? await credentials.mint(row.id) : await credentials.open(row)
  const encrypted = fields.map((name) => [name, credentials.encrypt(envelope, name, value)])
  return {
    row,
    changes: {
      ...Object.fromEntries(encrypted),
      ...(mints && { encryption_metadata: metadataToJson(envelope.metadata) }),
    },
    plain: Object.fromEntries(fields.map((name) => [name, value])),
  }
}

async function rewrapAll(): Promise<void> {
  credentials.provider.kms.rotate()
  for await (const rows of readEnvelopes(database.client, credentials.table)) {
    const { failures } = await rewrapRows(database.client, credentials.table, rows, credentials.cipher)
    expect(failures).toEqual([])
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  writer: fc.constantFrom(0, 1),
  kind: fc.constantFrom<Kind>('full', 'partial', 'partial', 'null', 'rewrap'),
  field: fc.constantFrom(...FIELDS),
})

test('full, partial and null updates by two connections, in any order with rewraps between, end readable', async () => {
  const outcomes = { accepted: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      const { id } = await credentials.insert({ password: 'first', oauth: 'first' })
      const clients = [database.client, other]
      const intents: (Intent | undefined)[] = [undefined, undefined]
      const expected: Record<FieldName, unknown> = { password: 'first', oauth: 'first' }
      for (const each of steps) {
        if (each.kind === 'rewrap') {
          await rewrapAll()
          continue
        }
        const intent = intents[each.writer]
        if (!intent) {
          intents[each.writer] = await intend(await credentials.read(id), each)
          continue
        }
        intents[each.writer] = undefined
        if (await write(clients[each.writer]!, id, intent)) Object.assign(expected, intent.plain)
        expect(await credentials.decrypt(await credentials.read(id))).toEqual(expected)
      }
      await credentials.query('DELETE FROM {table}')
    }),
    { numRuns: 200 },
  )

  async function write(client: pg.Client, id: string, { changes }: Intent): Promise<boolean> {
    const columns = Object.keys(changes)
    const isJson = (value: unknown) => typeof value === 'object' && value !== null
    const sets = columns.map((column, index) => `${column} = $${index + 2}`)
    const parameters = Object.values(changes).map((value) => (isJson(value) ? JSON.stringify(value) : value))
    try {
      await client.query(`UPDATE ${credentials.name} SET ${sets} WHERE id = $1`, [id, ...parameters])
      outcomes.accepted += 1
      return true
    } catch (error) {
      // A lost race is refused with a code that the caller can retry on, and with no other.
      expect(error).toMatchObject({ code: expect.stringMatching(/^WX00[24]$/) })
      outcomes.refused += 1
      return false
    }
  }

  // Both happened, or the property was about nothing.
  expect(outcomes.accepted).toBeGreaterThan(200)
  expect(outcomes.refused).toBeGreaterThan(20)
})

test('a partial update that was prepared before the credential was shredded is refused', async () => {
  const row = await credentials.insert({ password: 'x', oauth: 'y' })
  const envelope = await credentials.open(row)
  await credentials.update(row.id, { encryption_metadata: shreddedShape(row.encryption_metadata) })
  const late = credentials.update(row.id, { password: credentials.encrypt(envelope, 'password', 'late') })
  await expect(late).rejects.toMatchObject({ code: 'WX002' })
})

test('a stale copy of the metadata, written after a rewrap, is refused', async () => {
  const row = await credentials.insert({ password: 'x' })
  await rewrapAll()
  const late = credentials.update(row.id, { name: 'renamed', encryption_metadata: row.encryption_metadata })
  await expect(late).rejects.toMatchObject({ code: 'WX004' })
})

test('of two writers of the first secret one is refused, and the row is readable', async () => {
  const { id } = await credentials.insert({ password: 'x' })
  await credentials.update(id, { password: null, encryption_metadata: {} })
  const [one, two] = [await credentials.mint(id), await credentials.mint(id)]
  const write = (client: pg.Client, envelope: typeof one, field: FieldName) => {
    return client.query(`UPDATE ${credentials.name} SET ${field} = $2, encryption_metadata = $3 WHERE id = $1`, [
      id,
      credentials.encrypt(envelope, field, field),
      JSON.stringify(metadataToJson(envelope.metadata)),
    ])
  }
  // At the same time: the second waits for the lock of the first and then sees its row.
  const results = await Promise.allSettled([write(database.client, one, 'password'), write(other, two, 'oauth')])
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused).toMatchObject([{ reason: { code: 'WX002' } }])
  const plain = await credentials.decrypt(await credentials.read(id))
  expect([
    { password: 'password', oauth: null },
    { password: null, oauth: 'oauth' },
  ]).toContainEqual(plain)
})
