import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setsSql } from '../../src/census/estimate.js'
import { census, estimateOf } from '../../src/census/index.js'
import { EnvelopeCipher, metadataFromJson, metadataToJson } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { Credentials, type Row, remove, shreddedShape } from '../postgres/credentials.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

let database: FreshDatabase
let credentials: Credentials
const recipient = new FaultyProvider({ name: 'second', kekId: 'its-kek' })

beforeAll(async () => {
  database = await freshDatabase()
  credentials = await Credentials.create(database.client)
  // Without the guard: a census is also taken of what should not be there.
  await remove(database.client, credentials.table)
})
afterAll(() => database.drop())

/** Stores a row whose envelope was wrapped at an instant, by the provider of the table and by the recipient too where it is to. */
async function insertWrapped(wrappedAt: string, withRecipient = false): Promise<Row> {
  const row = await credentials.insert({ password: 'secret' })
  if (withRecipient) {
    const cipher = new EnvelopeCipher({ provider: credentials.provider, recipients: [recipient] })
    const metadata = metadataFromJson(row.encryption_metadata)
    if (metadata.state !== 'wrapped') throw new Error('expected an envelope')
    const rewrapped = await cipher.rewrap(metadata, bindingOf(credentials.table, { ...row }))
    row.encryption_metadata = metadataToJson(rewrapped) as Row['encryption_metadata']
  }
  row.encryption_metadata.wraps = row.encryption_metadata.wraps.map((wrap: object) => ({ ...wrap, wrappedAt }))
  await credentials.update(row.id, { encryption_metadata: row.encryption_metadata })
  return row
}

test('every row is counted once, by what its metadata is, and once for each KEK', async () => {
  await insertWrapped('2026-03-01T00:00:00Z')
  await insertWrapped('2026-02-01T00:00:00Z')
  credentials.provider.kms.rotate()
  await insertWrapped('2026-04-01T00:00:00Z', true)
  const shredded = await insertWrapped('2026-01-01T00:00:00Z')
  await credentials.update(shredded.id, { encryption_metadata: shreddedShape(shredded.encryption_metadata) })
  await credentials.insertStored(randomUUID(), 'acme', [null], {})
  await credentials.insertStored(randomUUID(), 'acme', ['plain'], {})
  await credentials.insertStored(randomUUID(), 'acme', [`${'0'.repeat(24)}:${'1'.repeat(32)}:22`], {})
  // An extra member, and a KEK that nobody may believe.
  const altered = await insertWrapped('2025-01-01T00:00:00Z')
  await credentials.update(altered.id, { encryption_metadata: { ...altered.encryption_metadata, extra: 1 } })

  const kek = (version: string) => ({ provider: 'fake', id: 'fake-kek', version })
  expect(await census(database.client, [credentials.table])).toEqual([
    {
      ...{ entity: 'credential', table: '"public"."credential"' },
      ...{ rows: 8, wrapped: 3, shredded: 1, empty: 3, undecodable: 1 },
      keks: [
        { kek: kek('1'), rows: 2, oldestWrap: '2026-02-01T00:00:00Z' },
        { kek: kek('2'), rows: 1, oldestWrap: '2026-04-01T00:00:00Z' },
        { kek: { provider: 'second', id: 'its-kek', version: '1' }, rows: 1, oldestWrap: '2026-04-01T00:00:00Z' },
      ],
      fields: [
        { column: 'password', counts: { plaintext: 1, legacy: 1, undecodable: 0, foreign: 0 } },
        { column: 'oauth', counts: { plaintext: 0, legacy: 0, undecodable: 0, foreign: 0 } },
      ],
    },
  ])
})

test('two wraps of a row under one KEK are one row', async () => {
  const other = await Credentials.create(database.client, { table: 'twice', guarded: false })
  const row = await other.insert({ password: 'secret' })
  const [wrap] = row.encryption_metadata.wraps
  const older = { ...wrap, wrappedAt: '2020-01-01T00:00:00Z' }
  await other.update(row.id, { encryption_metadata: { ...row.encryption_metadata, wraps: [wrap, older] } })
  const [found] = await census(database.client, [other.table])
  expect(found?.keks).toEqual([{ kek: wrap.kek, rows: 1, oldestWrap: '2020-01-01T00:00:00Z' }])
})

test('an estimate names every set of KEKs, found in the index alone', async () => {
  const table = await Credentials.create(database.client, { table: 'estimated' })
  for (let n = 0; n < 30; n++) await table.insert({ password: 'secret' })
  table.provider.kms.rotate()
  for (let n = 0; n < 10; n++) await table.insert({ password: 'secret' })
  await table.insertStored(randomUUID(), 'acme', [null], {})
  await database.client.query('ANALYZE estimated')
  const { sets } = await estimateOf(database.client, table.table)
  const named = sets.map(({ keks, rows }) => [keks?.map(({ version }) => version).join(), Math.round(rows / 10)])
  expect(named).toEqual([
    ['1', 3],
    ['2', 1],
    ['', 0],
  ])
  // A table of this size is scanned unless that is forbidden; what has no index is scanned all the same.
  await database.client.query('SET enable_seqscan = off')
  const { rows } = await database.client.query(`EXPLAIN ${setsSql(table.table)}`)
  await database.client.query('RESET enable_seqscan')
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(plan).not.toMatch(/Seq Scan on estimated|Sort/)
  expect(plan).toContain('Index')
})

test('an estimate repeats nothing of metadata that is not of format 1', async () => {
  const table = await Credentials.create(database.client, { table: 'altered', guarded: false })
  await table.insertStored(randomUUID(), 'acme', [null], { wraps: [{ kek: { id: 'a secret' } }] })
  const { sets } = await estimateOf(database.client, table.table)
  expect(sets.map(({ keks }) => keks)).toEqual([null])
})
