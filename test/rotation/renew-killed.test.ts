import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher, metadataFromJson, metadataToJson, parseText } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { killWhereItStops } from '../setup/killed-process.js'
import { type Transpiled, transpile } from '../setup/transpile.js'
import { Rotating, renewOn } from './renewing.js'

/** A real process, killed at each step of its second batch of two rows. */
const ROWS = 5
const keys = `1:${generateLocalKey()}`
const cipher = new EnvelopeCipher({ provider: new LocalProvider({ keys, currentKey: 1 }), cache: false })
let transpiled: Transpiled
let made: Rotating
beforeAll(() => {
  transpiled = transpile(fileURLToPath(new URL('../../', import.meta.url)), 'test/rotation/killed-renew.ts')
})
afterAll(() => transpiled.remove())
afterEach(() => made.drop())

const behind = { statement: '^UPDATE "public"."credential"', nth: 2 }
const STOPS = {
  'before the former data key is unwrapped': { operation: 'unwrap', nth: 5, side: 'before' },
  'after it': { operation: 'unwrap', nth: 5, side: 'after' },
  'before the KMS makes a new one': { operation: 'generateDataKey', nth: 3, side: 'before' },
  'after that': { operation: 'generateDataKey', nth: 3, side: 'after' },
  'after it has been proven': { operation: 'unwrap', nth: 6, side: 'after' },
  'after the row is written': { ...behind, side: 'after' },
  'after its envelope is written down': { statement: 'INSERT INTO waxseal.renewed_envelope', nth: 2, side: 'after' },
  'before the commit': { statement: '^COMMIT$', nth: 1, side: 'before', behind },
  'after the commit': { statement: '^COMMIT$', nth: 1, side: 'after', behind },
}

for (const [where, stopAt] of Object.entries(STOPS)) {
  test(`killed ${where}: every row opens, and run again it is as if it had run once`, async () => {
    made = await Rotating.create()
    const { table } = made.credentials
    const before = await insert()
    const env = {
      DATABASE_URL: made.database.url,
      TABLE: JSON.stringify(table),
      KEYS: keys,
      STOP_AT: JSON.stringify(stopAt),
    }
    const applicationName = `killed renew ${process.pid}`
    await killWhereItStops(made.database.client, { args: [transpiled.file], env, applicationName })
    await opened(before)

    // As after 15 seconds without a sign of it.
    await made.pool.query(`UPDATE waxseal.run_range SET heartbeat_at = heartbeat_at - interval '16 seconds'`)
    const report = await renewOn(made, { cipher, batchRows: 2 })
    expect(report).toMatchObject({ state: 'finished', renewed: ROWS, kept: 0, failed: 0 })
    const after = await opened(before)
    expect([...after.keys()].filter((id) => after.get(id) === before.get(id))).toEqual([])
  })
}

/** The envelope of each row. */
async function insert(): Promise<Map<string, string>> {
  const envelopes = new Map<string, string>()
  for (let n = 0; n < ROWS; n++) {
    const id = randomUUID()
    const envelope = await cipher.mint(bindingOf(made.credentials.table, { id, tenant_id: 'acme' }))
    const password = made.credentials.encrypt(envelope, 'password', `password of ${id}`)
    await made.credentials.insertStored(id, 'acme', [password], metadataToJson(envelope.metadata))
    envelopes.set(id, envelope.metadata.id)
  }
  return envelopes
}

/** As `insert`, of the rows as they are now. Every one has to open to what it was inserted with. */
async function opened(rows: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const envelopes = new Map<string, string>()
  for (const id of rows.keys()) {
    const row = await made.credentials.read(id)
    const metadata = metadataFromJson(row.encryption_metadata)
    const envelope = await cipher.open(metadata, bindingOf(made.credentials.table, { ...row }))
    const plain = envelope.decryptField(made.credentials.table.fields[0]!, parseText(String(row.password)))
    expect(plain).toBe(`password of ${id}`)
    envelopes.set(id, envelope.metadata.id)
  }
  return envelopes
}
