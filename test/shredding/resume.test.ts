import { describe, expect, test } from '@jest/globals'
import { metadataToJson } from '../../src/index.js'
import type { Queryable } from '../../src/postgres/index.js'
import { readReceipt, resumeShred, type ShredReport, shred } from '../../src/shredding/index.js'
import type { Row } from '../postgres/credentials.js'
import { ACME, ENTITY, shreddingSuite } from './shredding-suite.js'

const suite = shreddingSuite()

/** The id of a receipt whose run was ended behind its first batch. */
async function cutOff(batchSize: number): Promise<string> {
  const controller = new AbortController()
  const onProgress = ({ rows }: { rows: number }) => rows > 0 && controller.abort(new Error('enough'))
  await expect(suite.shred(ENTITY, { batchSize, signal: controller.signal, onProgress })).rejects.toThrow('enough')
  const { rows } = await suite.client.query('SELECT id FROM waxseal.shred_receipt ORDER BY started_at DESC LIMIT 1')
  return rows[0].id
}

const resume = (receipt: string, changes = {}): Promise<ShredReport> => {
  const { table, cipher } = suite.credentials
  return resumeShred(suite.client, receipt, { tables: [table], cipher, ...changes })
}

async function saveAnew({ id }: Row): Promise<void> {
  const envelope = await suite.credentials.mint(id)
  const password = suite.credentials.encrypt(envelope, 'password', 'new')
  await suite.credentials.update(id, { password, encryption_metadata: metadataToJson(envelope.metadata) })
}

test('a run that was cut off is running, and goes on under the same receipt', async () => {
  await suite.insertMany(5)
  const id = await cutOff(2)
  expect(await readReceipt(suite.client, id)).toMatchObject({ status: 'running', rows: 2, copies: [] })
  const { receipt, failures } = await resume(id)
  expect(failures).toEqual([])
  expect(receipt).toMatchObject({ id, status: 'pending', rows: 5, tried: 5 })
})

test('a secret that was saved meanwhile in a row of the receipt stays', async () => {
  const rows = await suite.insertMany(5)
  const id = await cutOff(2)
  const { rows: shredded } = await suite.client.query(
    'SELECT primary_key FROM waxseal.shredded_row WHERE receipt = $1',
    [id],
  )
  const saved = rows.find((row) => row.id === shredded[0].primary_key.id)!
  await saveAnew(saved)
  const { receipt } = await resume(id)
  expect(receipt).toMatchObject({ rows: 5, tried: 4 })
  expect(await suite.credentials.decrypt(await suite.credentials.read(saved.id))).toMatchObject({ password: 'new' })
})

test('a run that has ended is not resumed', async () => {
  const { receipt } = await suite.shred(ENTITY)
  await expect(resume(receipt.id)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})

describe('a row that the database does not change', () => {
  const refuses = (body: string) =>
    suite.client.query(`CREATE FUNCTION ${suite.credentials.table.schema}.keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF OLD.name = 'kept' THEN ${body} END IF; RETURN NEW; END $$;
      CREATE TRIGGER keep BEFORE UPDATE ON ${suite.credentials.name} FOR EACH ROW
        EXECUTE FUNCTION ${suite.credentials.table.schema}.keep()`)

  for (const [what, body] of [
    ['with an error', `RAISE EXCEPTION 'not this one';`],
    ['by leaving it as it is, as a trigger that returns null does', 'RETURN NULL;'],
  ] as const) {
    test(`${what}, is reported, stops no other, and is tried again when the run is resumed`, async () => {
      const rows = await suite.insertMany(9)
      await suite.credentials.update(rows[4]!.id, { name: 'kept' })
      await refuses(body)
      const first = await suite.shred(ACME, { batchSize: 4 })
      expect(first.failures).toMatchObject([{ entity: 'credential', primaryKey: { id: rows[4]!.id } }])
      expect(first.receipt).toMatchObject({ status: 'running', rows: 8 })
      await suite.client.query(`DROP TRIGGER keep ON ${suite.credentials.name}`)
      const { receipt, failures } = await resume(first.receipt.id)
      expect(failures).toEqual([])
      expect(receipt).toMatchObject({ rows: 9, tried: 9, status: 'pending' })
    })
  }

  test('although it says so, is found by the decryption that is tried', async () => {
    const [row] = await suite.insertMany(1)
    await suite.credentials.update(row!.id, { name: 'kept' })
    await refuses('NEW.encryption_metadata := OLD.encryption_metadata;')
    const { receipt, failures } = await suite.shred(ENTITY)
    expect(failures).toMatchObject([{ primaryKey: { id: row!.id } }])
    expect(receipt.status).toBe('running')
  })
})

test('a database that fails ends the run, and its receipt is there to be resumed', async () => {
  await suite.insertMany(4)
  let updates = 0
  const failing: Queryable = {
    query(text, values) {
      const isSecond = /^UPDATE/.test(text) && ++updates === 2
      return isSecond
        ? Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }))
        : suite.client.query(text, values)
    },
  }
  await expect(shred(failing, suite.options(ENTITY, { batchSize: 2 }))).rejects.toThrow('gone')
  const { rows } = await suite.client.query('SELECT id FROM waxseal.shred_receipt ORDER BY started_at DESC LIMIT 1')
  expect((await resume(rows[0].id)).receipt).toMatchObject({ rows: 4, tried: 4 })
})
