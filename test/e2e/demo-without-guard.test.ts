import 'reflect-metadata'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { newRow } from '../../src/cli/demo/attempts/targets.js'
import type { DemoRun } from '../../src/cli/demo/demo-run.js'
import { ShopCredential } from '../../src/cli/demo/entities.js'
import { openExistingDatabase } from '../../src/cli/demo/existing-database.js'
import { generateKeys } from '../../src/cli/demo/keys.js'
import { Screen } from '../../src/cli/demo/screen.js'
import { type AttemptFacts, tryAttempts } from '../../src/cli/demo/steps/attempts.js'
import { migrate } from '../../src/cli/demo/steps/migrate.js'
import { openStore, type Store } from '../../src/cli/demo/store.js'
import { verdictOf } from '../../src/cli/demo/verdict.js'
import { guardSql } from '../../src/postgres/index.js'
import { protectedTableOf } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

let database: FreshDatabase
let run: DemoRun
let store: Store
let facts: AttemptFacts

beforeAll(async () => {
  database = await freshDatabase()
  const set = { credentials: [] }
  const keys = generateKeys()
  run = { screen: new Screen(true), database: await openExistingDatabase(database.url), keys, set, expected: new Map() }
  store = await openStore(run.database, keys.after)
  await migrate(run, store)
  // The start finds the guard; afterwards somebody removes it.
  await store.credentials.save(newRow())
  for (const statement of guardSql(protectedTableOf(store.dataSource, ShopCredential)).remove) {
    await store.dataSource.query(statement)
  }
  facts = await tryAttempts(run, store)
})

afterAll(async () => {
  await store?.dataSource.destroy()
  await run?.database.close()
  await database?.drop()
})

test('without the guard the demo finds every canary that only the guard had stopped, and says so', () => {
  const byGuard = facts.attempts.filter(({ expected }) => expected.includes('WX001'))
  expect(byGuard.length).toBeGreaterThanOrEqual(9)
  for (const attempt of byGuard) {
    expect(attempt).toMatchObject({ stoppedBy: undefined, found: ['shop_credential.secret'], held: false })
  }
})

test('what the library stops is stopped all the same', () => {
  const byLibrary = facts.attempts.filter(({ expected }) => expected.join() === 'ERR_PLAINTEXT_REFUSED')
  expect(byLibrary.length).toBeGreaterThanOrEqual(11)
  expect(byLibrary.filter(({ held }) => !held)).toEqual([])
})

test('the verdict names what did not hold, and the exit code is 1', () => {
  const { exitCode, broken } = verdictOf(facts.claims)
  expect(exitCode).toBe(1)
  expect(broken).toEqual(facts.attempts.filter(({ held }) => !held).map(({ name }) => `stopped: ${name}`))
  expect(broken).toContain('stopped: raw SQL UPDATE')
})
