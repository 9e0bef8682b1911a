import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Pool, Queryable } from '../../src/postgres/index.js'
import { Rotating } from './rotating.js'

let r: Rotating
beforeEach(async () => {
  r = await Rotating.create()
})
afterEach(() => r.drop())

const rowsOf = async () => (await r.credentials.query('SELECT * FROM {table} ORDER BY id')).rows

/** A function that clears a field of a row under another name, as a trigger of the user's may. */
const FUNCTION = `CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_WHEN = 'BEFORE' THEN NEW.oauth := NULL; RETURN NEW; END IF;
  UPDATE credential SET oauth = NULL WHERE id = NEW.id AND oauth IS NOT NULL;
  RETURN NULL;
END $$`

const triggers: [string, string][] = [
  ['before the row is stored', 'CREATE TRIGGER zz BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION meddle()'],
  [
    'after it',
    'CREATE TRIGGER zz AFTER UPDATE OF encryption_metadata ON credential FOR EACH ROW EXECUTE FUNCTION meddle()',
  ],
  [
    'when the transaction ends',
    `CREATE CONSTRAINT TRIGGER zz AFTER UPDATE ON credential DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION meddle()`,
  ],
]

test.each(triggers)('a trigger that changes a field %s is found, and the batch rolled back', async (_when, trigger) => {
  for (let n = 0; n < 4; n++) await r.credentials.insert({ password: 'p', oauth: { n } })
  r.credentials.provider.kms.rotate()
  await r.database.client.query(FUNCTION)
  await r.database.client.query(trigger)
  const before = await rowsOf()
  await expect(r.rotate()).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringMatching(/a rotation moves keys only, found that "oauth" changed/),
  })
  expect(await rowsOf()).toEqual(before)
  await r.database.client.query('DROP TRIGGER zz ON credential')
  expect(await r.rotate()).toMatchObject({ state: 'finished', rewrapped: 4, compared: 4 })
})

test('a trigger that deletes the row is found, too', async () => {
  await r.insert(2)
  r.credentials.provider.kms.rotate()
  await r.database.client.query(`CREATE FUNCTION remove() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM credential WHERE id = NEW.id; RETURN NULL; END $$`)
  await r.database.client.query('CREATE TRIGGER zz AFTER UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION remove()')
  const before = await rowsOf()
  await expect(r.rotate()).rejects.toMatchObject({ message: expect.stringContaining('moves keys only') })
  expect(await rowsOf()).toEqual(before)
})

test('a row that somebody else writes in between is compared once more, locked', async () => {
  const rows = await r.insert(3)
  const [row] = rows
  const password = r.credentials.encrypt(await r.credentials.open(row!), 'password', 'changed')
  r.credentials.provider.kms.rotate()
  let updates = 0
  const query = async (client: Queryable, text: string, values?: unknown[]) => {
    if (/^UPDATE "public"/.test(text) && ++updates === 1) await r.credentials.update(row!.id, { password })
    return client.query(text, values)
  }
  const pool: Pool = {
    query: (text, values) => r.pool.query(text, values),
    async connect() {
      const client = await r.pool.connect()
      return { query: (text, values) => query(client, text, values), release: (destroy) => client.release(destroy) }
    },
  }
  expect(await r.rotate({ pool })).toMatchObject({ state: 'finished', rewrapped: 3, compared: 3, failed: 0 })
  expect(updates).toBe(2)
  expect(await r.credentials.decrypt(await r.credentials.read(row!.id))).toMatchObject({ password: 'changed' })
})

test('a trigger that changes other columns is none of its business', async () => {
  await r.insert(2)
  r.credentials.provider.kms.rotate()
  await r.database.client.query(`CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.name := 'changed'; RETURN NEW; END $$`)
  await r.database.client.query('CREATE TRIGGER zz BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION stamp()')
  expect(await r.rotate()).toMatchObject({ rewrapped: 2, compared: 2 })
})
