import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import {
  cleanAdoption,
  enforceAdoption,
  prepareAdoption,
  runAdoption,
  verifyAdoption,
} from '../../../adoption/index.js'
import { protectedTablesOf } from '../../../typeorm/index.js'
import { DatabaseContents } from '../contents.js'
import { poolOf } from '../database.js'
import type { DemoRun } from '../demo-run.js'
import { shopApiKey } from '../generated-secrets.js'
import { type LegacyStore, openLegacyStore } from '../legacy-store.js'
import { count, counted } from '../text.js'
import type { Claim } from '../verdict.js'

export interface AdoptFacts {
  readonly rows: number
  readonly encrypted: number
  readonly verified: number
  /** Columns in which one of the secrets lay in plaintext. */
  readonly foundBefore: readonly string[]
  readonly foundAfter: readonly string[]
  readonly claims: readonly Claim[]
}

const ROWS = 100

/** Encrypts a table that has held plaintext so far, while its application reads it. */
export async function adopt(run: DemoRun): Promise<AdoptFacts> {
  const { screen, database, keys } = run
  screen.heading(`Adopt a table of ${counted(ROWS, 'credential')} in plaintext`)
  const pool = poolOf(database)
  const client = await database.connect()
  try {
    const secrets = await createTable(database.schema, client)
    const canary = secrets.values().next().value!
    const foundBefore = (await DatabaseContents.read(database)).find(canary)
    const { encrypted, verified, readWhileAdopted } = await whileOpen(
      await openLegacyStore(database, keys.after, 'adopt-write'),
      async ({ dataSource, credentials }) => {
        const [table] = protectedTablesOf(dataSource)
        await prepareAdoption(client, table!)
        const adopted = await runAdoption(table!, { cipher: keys.after, pool })
        const opened = await verifyAdoption(table!, { cipher: keys.after, pool })
        const readWhileAdopted = await equal({ dataSource, credentials }, secrets)
        await enforceAdoption(client, table!)
        return { encrypted: adopted.counts.encrypted ?? 0, verified: opened.counts.verified ?? 0, readWhileAdopted }
      },
    )
    const readAfterwards = await whileOpen(await openLegacyStore(database, keys.after, 'enforce'), async (store) => {
      const [table] = protectedTablesOf(store.dataSource)
      await cleanAdoption(client, table!)
      return equal(store, secrets)
    })
    const foundAfter = (await DatabaseContents.read(database)).find(canary)
    screen.line(`prepare, run, verify: ${count(encrypted)} rows encrypted, ${count(verified)} opened and compared`)
    screen.line('enforce, clean: the full guard is in place, and the column with the plaintext is dropped')
    screen.line(`a secret lay in ${foundBefore.join(', ')}; now in ${foundAfter.join(', ') || 'no column'}`)
    screen.note('What is left of a dropped column in backups, WAL and old versions of rows: docs/adoption.md.')
    const claims = [
      { claim: 'the plaintext lay in the table before', held: foundBefore.join() === 'legacy_credential.secret' },
      { claim: 'every row was encrypted, opened and compared', held: encrypted === ROWS && verified === ROWS },
      {
        claim: 'the application read every row at each stage',
        held: readWhileAdopted === ROWS && readAfterwards === ROWS,
      },
      { claim: 'no plaintext is left in a column', held: foundAfter.length === 0 },
    ]
    return { rows: ROWS, encrypted, verified, foundBefore, foundAfter, claims }
  } finally {
    await client.end()
    await pool.end()
  }
}

async function createTable(schema: string, client: Client): Promise<Map<string, string>> {
  const secrets = new Map(Array.from({ length: ROWS }, () => [randomUUID() as string, shopApiKey()] as const))
  await client.query(`CREATE TABLE ${schema}.legacy_credential (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), shop text NOT NULL, secret text NOT NULL)`)
  await client.query(
    `INSERT INTO ${schema}.legacy_credential (id, shop, secret)
      SELECT id, 'shop.example', secret FROM unnest($1::uuid[], $2::text[]) AS row (id, secret)`,
    [[...secrets.keys()], [...secrets.values()]],
  )
  return secrets
}

async function equal({ credentials }: LegacyStore, secrets: ReadonlyMap<string, string>): Promise<number> {
  return (await credentials.find()).filter(({ id, secret }) => secrets.get(id) === secret).length
}

async function whileOpen<T>(store: LegacyStore, use: (store: LegacyStore) => Promise<T>): Promise<T> {
  try {
    return await use(store)
  } finally {
    await store.dataSource.destroy()
  }
}
