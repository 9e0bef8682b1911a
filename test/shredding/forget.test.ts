import { beforeAll, beforeEach, expect, test } from '@jest/globals'
import type pg from 'pg'
import { outcome } from '../postgres/credentials.js'
import { ENTITY, shreddingSuite } from './shredding-suite.js'

const suite = shreddingSuite()
let listener: pg.Client
let payloads: string[]

beforeAll(async () => {
  listener = await suite.connect()
  await listener.query('LISTEN waxseal_forget')
  listener.on('notification', ({ payload }) => payloads.push(payload ?? ''))
})
beforeEach(() => {
  payloads = []
})

/** What was announced before this: a notification reaches the listener ahead of the answer to its next statement. */
async function announced(): Promise<string[]> {
  await listener.query('SELECT 1')
  return payloads.flatMap((payload) => payload.split(','))
}

test('every process is told which envelopes to forget, when the batch is committed', async () => {
  const rows = await suite.insertMany(3)
  await suite.shred(ENTITY, { batchSize: 2 })
  const ids = rows.map(({ encryption_metadata: { id } }) => id)
  expect((await announced()).sort()).toEqual(ids.sort())
  expect(payloads).toHaveLength(2)
})

test('more envelopes than fit into one notification need several', async () => {
  await suite.client.query(
    `INSERT INTO ${suite.credentials.name} (id, tenant_id, encryption_metadata)
     SELECT gen_random_uuid(), 'acme', jsonb_build_object('format', 1, 'id', lpad(n::text, 21, 'x') || 'A',
       'commitment', repeat('A', 43), 'wrap', 1, 'wraps', $1::jsonb) FROM generate_series(1, 350) AS n`,
    [
      JSON.stringify([
        { kek: { provider: 'fake', id: 'k', version: '1' }, dataKey: 'AAAA', wrappedAt: '2026-11-22T21:00:00Z' },
      ]),
    ],
  )
  await suite.shred(ENTITY, { batchSize: 350 })
  expect(await announced()).toHaveLength(350)
  expect(payloads).toHaveLength(2)
})

test('nothing is announced of a batch that is not committed', async () => {
  await suite.insertMany(1)
  await suite.client.query(`CREATE FUNCTION ${suite.credentials.table.schema}.late() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON ${suite.credentials.name} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION ${suite.credentials.table.schema}.late()`)
  expect(await outcome(suite.shred(ENTITY))).toBe('57014')
  expect(await announced()).toEqual([])
})
