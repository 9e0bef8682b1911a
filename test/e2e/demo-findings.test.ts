import 'reflect-metadata'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Credential } from '../../src/cli/demo/credential.js'
import type { DemoRun } from '../../src/cli/demo/demo-run.js'
import { openExistingDatabase } from '../../src/cli/demo/existing-database.js'
import { generateCredentials } from '../../src/cli/demo/generated-credentials.js'
import { generateKeys } from '../../src/cli/demo/keys.js'
import { readBack } from '../../src/cli/demo/read-back.js'
import { Screen } from '../../src/cli/demo/screen.js'
import { load } from '../../src/cli/demo/steps/load.js'
import { migrate } from '../../src/cli/demo/steps/migrate.js'
import { rotateKeys } from '../../src/cli/demo/steps/rotate.js'
import { update } from '../../src/cli/demo/steps/update.js'
import { openStore, type Store } from '../../src/cli/demo/store.js'
import { verdictOf } from '../../src/cli/demo/verdict.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

// What each step looks up is made untrue here, on the real parts: a claim that cannot break says nothing.

let database: FreshDatabase
let run: DemoRun
let store: Store

beforeEach(async () => {
  database = await freshDatabase()
  const set = { credentials: generateCredentials(20) }
  const keys = generateKeys()
  run = { screen: new Screen(true), database: await openExistingDatabase(database.url), keys, set, expected: new Map() }
  store = await openStore(run.database, keys.before)
  await migrate(run, store)
})

afterEach(async () => {
  await store?.dataSource.destroy()
  await run?.database.close()
  await database?.drop()
})

const sql = (text: string) => store.dataSource.query(text.replaceAll('demo.', `${run.database.schema}.`))

/** Rewrites a column of every row that is updated, as a forgotten trigger of somebody's would. */
const rewriteOnUpdate = (assignment: string) =>
  sql(`CREATE FUNCTION demo.rewrite() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${assignment}; RETURN NEW; END $$;
    CREATE TRIGGER rewrite BEFORE UPDATE ON demo.shop_credential FOR EACH ROW EXECUTE FUNCTION demo.rewrite()`)

test('where nothing is wrong, every claim holds', async () => {
  const claims = [await load(run, store), await update(run, store), await rotateKeys(run, store)].flatMap(
    (step) => step.claims,
  )
  expect(verdictOf(claims).broken).toEqual([])
  expect(claims.length).toBeGreaterThanOrEqual(9)
})

test('a secret that lies in another table is found', async () => {
  const leaked = Buffer.from(`x${run.set.credentials[0]!.secret}`).toString('base64')
  await sql(`CREATE TABLE demo.notes AS SELECT '${leaked}' AS note`)
  expect(verdictOf((await load(run, store)).claims).broken).toEqual(['no secret lies in the database'])
})

test('a column that moves during the rotation is found', async () => {
  await load(run, store)
  await rewriteOnUpdate(`NEW.kind := NEW.kind || '!'`)
  expect(verdictOf((await rotateKeys(run, store)).claims).broken).toEqual([
    'no ciphertext moved',
    'every credential reads back equal after the rewrap, without key 1',
  ])
})

test('a row that is not rewrapped is found', async () => {
  await load(run, store)
  await rewriteOnUpdate('NEW.encryption_metadata := OLD.encryption_metadata')
  const { broken } = verdictOf((await rotateKeys(run, store)).claims)
  expect(broken).toEqual(expect.arrayContaining(['every data key is rewrapped', 'every row is wrapped by key 2']))
})

test('a save that replaces more than it should is found', async () => {
  await load(run, store)
  await rewriteOnUpdate('NEW.oauth := NULL')
  expect(verdictOf((await update(run, store)).claims).broken).toEqual([
    'one field assigned: replaced what it should and nothing else',
    'every field assigned: replaced what it should and nothing else',
  ])
})

test('a row that differs, is missing or cannot be read does not count as read back', async () => {
  await load(run, store)
  const [[first, credential], [second]] = [...run.expected] as [[string, Credential], [string, Credential]]
  const expected = new Map(run.expected).set(first, { ...credential, webhookSecret: null }).set('missing', credential)
  expect(await readBack(store, expected)).toEqual({ equal: 19, different: 2 })

  await sql(
    `UPDATE demo.shop_credential SET webhook_secret = overlay(secret PLACING 'AAAA' FROM 60) WHERE id = '${second}'`,
  )
  expect(await readBack(store, run.expected)).toEqual({ equal: 0, different: 20 })
})
