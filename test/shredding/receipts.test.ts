import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import { listReceipts, readReceipt, type ShredReceipt } from '../../src/shredding/index.js'
import { outcome } from '../postgres/credentials.js'
import { ENTITY, shreddingSuite } from './shredding-suite.js'

const suite = shreddingSuite()
const DAY = 86_400_000
const heldIn = ({ copies }: ShredReceipt, place: string) => copies.find(({ where }) => where === place)

describe('append-only:', () => {
  for (const table of ['shred_receipt', 'shredded_row', 'shred_end']) {
    const column = table === 'shred_receipt' ? 'reason' : table === 'shredded_row' ? 'envelope' : 'tried'
    for (const [operation, statement] of Object.entries({
      update: `UPDATE waxseal.${table} SET ${column} = ${column}`,
      delete: `DELETE FROM waxseal.${table}`,
      truncate: `TRUNCATE waxseal.${table} CASCADE`,
    })) {
      test(`${operation} of ${table} is refused, in a replicated session too`, async () => {
        await suite.insertMany(1)
        await suite.shred(ENTITY)
        expect(await outcome(suite.client.query(statement))).toBe('23001')
        await suite.client.query('SET session_replication_role = replica')
        expect(await outcome(suite.client.query(statement))).toBe('23001')
        await suite.client.query('RESET session_replication_role')
      })
    }
  }
})

test('receipts are listed, the last one first, and one is read by its id', async () => {
  const [first, second] = [(await suite.shred(ENTITY)).receipt, (await suite.shred(ENTITY)).receipt]
  const ids = (await listReceipts(suite.client)).map(({ id }) => id)
  expect(ids.slice(0, 2)).toEqual([second.id, first.id])
  expect(await readReceipt(suite.client, first.id)).toMatchObject({ id: first.id, reason: 'offboarding' })
  for (const id of [randomUUID(), "x' or true"]) {
    await expect(readReceipt(suite.client, id)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  }
})

describe('what still holds copies', () => {
  afterEach(() => suite.client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots'))

  test('backups for as long as they are kept, caches for as long as they keep', async () => {
    await suite.insertMany(1)
    const { receipt } = await suite.shred(ENTITY, { backupsKept: '35d', cachesKept: '1h' })
    const ended = Date.parse(receipt.endedAt!)
    expect(heldIn(receipt, 'backups')).toMatchObject({
      state: 'held',
      until: new Date(ended + 35 * DAY).toISOString(),
    })
    expect(heldIn(receipt, 'caches')).toMatchObject({ state: 'held', until: new Date(ended + DAY / 24).toISOString() })
    expect(receipt.status).toBe('pending')
  })

  test('no backups, where there are none', async () => {
    const { receipt } = await suite.shred(ENTITY, { backupsKept: 'none' })
    expect(heldIn(receipt, 'backups')).toMatchObject({ state: 'gone' })
  })

  test('caches keep for 5 minutes unless said otherwise', async () => {
    const { receipt } = await suite.shred(ENTITY)
    expect(heldIn(receipt, 'caches')?.until).toBe(new Date(Date.parse(receipt.endedAt!) + 300_000).toISOString())
  })

  test('dead rows, until the table is vacuumed', async () => {
    await suite.insertMany(1)
    const { receipt } = await suite.shred(ENTITY)
    expect(heldIn(receipt, 'dead rows')).toMatchObject({ state: 'held' })
    await suite.client.query(`VACUUM ${suite.credentials.name}`)
    expect(heldIn(await readReceipt(suite.client, receipt.id), 'dead rows')).toMatchObject({ state: 'gone' })
  })

  test('the WAL of the server', async () => {
    const { receipt } = await suite.shred(ENTITY)
    expect(heldIn(receipt, 'WAL')).toMatchObject({ state: 'held' })
  })

  test('unknown to a user who may not look at the WAL, and held by that', async () => {
    const id = await endedLongAgo()
    await suite.client.query(`DO $$ BEGIN CREATE ROLE waxseal_test_reader; EXCEPTION WHEN duplicate_object THEN END $$;
      GRANT USAGE ON SCHEMA waxseal TO waxseal_test_reader;
      GRANT SELECT ON ALL TABLES IN SCHEMA waxseal TO waxseal_test_reader`)
    await suite.client.query('SET ROLE waxseal_test_reader')
    const receipt = await readReceipt(suite.client, id).finally(() => suite.client.query('RESET ROLE'))
    expect(heldIn(receipt, 'WAL')).toMatchObject({ state: 'unknown' })
    expect(receipt.status).toBe('pending')
    await suite.client.query('DROP OWNED BY waxseal_test_reader')
  })

  test('a replica that has not replayed it', async () => {
    const { receipt } = await suite.shred(ENTITY)
    expect(heldIn(receipt, 'replicas')).toMatchObject({ state: 'gone' })
    await suite.client.query(`SELECT pg_create_physical_replication_slot('shred_${process.pid}', true)`)
    const later = (await suite.shred(ENTITY)).receipt
    expect(heldIn(later, 'replicas')).toMatchObject({ state: 'held' })
  })

  test('nothing: then the receipt is final', async () => {
    const id = await endedLongAgo()
    const receipt = await readReceipt(suite.client, id)
    expect(receipt.copies.filter(({ state }) => state !== 'gone')).toEqual([])
    expect(receipt.status).toBe('final')
  })

  async function endedLongAgo(): Promise<string> {
    const id = randomUUID()
    const tables = JSON.stringify([suite.credentials.table])
    await suite.client.query(`VACUUM ${suite.credentials.name}`)
    await suite.client.query(
      `INSERT INTO waxseal.shred_receipt (id, target, tables, reason, who, caches_kept, backups_kept, started_at)
       VALUES ($1, $2, $3, 'long ago', 'operator', '5 min', '35 days', '2020-01-01')`,
      [id, JSON.stringify(ENTITY), tables],
    )
    await suite.client.query(
      `INSERT INTO waxseal.shred_end (receipt, tried, lsn, ended_at) VALUES ($1, 0, '0/1', '2020-01-01')`,
      [id],
    )
    return id
  }
})
