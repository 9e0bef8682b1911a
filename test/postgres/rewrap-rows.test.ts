import { randomBytes, randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type EnvelopeCipher, metadataToJson } from '../../src/index.js'
import { type Queryable, readEnvelopes, rewrapRows, type StoredRow } from '../../src/postgres/index.js'
import { faults } from '../../src/testing/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, type Row, shreddedShape, wrapOf } from './credentials.js'

let database: FreshDatabase
let credentials: Credentials
let schemas = 0

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  credentials = await Credentials.create(database.client, { schema: `rewrap_${schemas++}` })
})

async function storedRows(): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const batch of readEnvelopes(database.client, credentials.table)) rows.push(...batch)
  return rows
}

async function insertMany(count: number): Promise<Row[]> {
  const rows: Row[] = []
  for (let n = 0; n < count; n++) rows.push(await credentials.insert({ password: `password ${n}` }))
  return rows
}

const rewrap = (rows: readonly StoredRow[], options = {}, client: Queryable = database.client) => {
  return rewrapRows(client, credentials.table, rows, credentials.cipher, options)
}
const nothing = { rewrapped: 0, current: 0, lost: 0, shredded: 0, empty: 0, failures: [] }
const wrapOfRow = async ({ id }: { id: string }) => (await credentials.read(id)).encryption_metadata.wrap

/** Runs something before a statement reaches the database. */
function interfering(
  pattern: RegExp,
  run: (text: string, nth: number) => Promise<unknown>,
): Queryable & { texts: string[] } {
  let nth = 0
  const texts: string[] = []
  return {
    texts,
    async query(text, values) {
      texts.push(text)
      if (pattern.test(text)) await run(text, ++nth)
      return database.client.query(text, values)
    },
  }
}

test('rows are wrapped under the current KEK, in one statement, and nothing else of them changes', async () => {
  const rows = await insertMany(20)
  const version = credentials.provider.kms.rotate()
  const client = interfering(/UPDATE/, async () => undefined)
  expect(await rewrap(await storedRows(), {}, client)).toEqual({ ...nothing, rewrapped: 20 })
  expect(client.texts).toHaveLength(1)
  for (const row of rows) {
    const { encryption_metadata: metadata, ...rest } = await credentials.read(row.id)
    const { encryption_metadata: former, ...formerRest } = row
    expect(rest).toEqual(formerRest)
    expect(metadata).toMatchObject({ id: former.id, commitment: former.commitment, wrap: 2 })
    expect(metadata.wraps).toMatchObject([{ kek: { version } }])
    expect(await credentials.decrypt(await credentials.read(row.id))).toMatchObject({
      password: expect.stringContaining('password'),
    })
  }
})

test('the KMS is asked for "concurrency" rows at a time, for 10 unless said otherwise', async () => {
  await insertMany(12)
  const rows = await storedRows()
  async function mostAtOnce(options: object): Promise<number> {
    let [running, most] = [0, 0]
    const cipher: Pick<EnvelopeCipher, 'rewrap'> = {
      async rewrap(metadata) {
        running += 1
        most = Math.max(most, running)
        await setImmediate()
        running -= 1
        return metadata
      },
    }
    expect(await rewrapRows(database.client, credentials.table, rows, cipher, options)).toMatchObject({ current: 12 })
    return most
  }
  expect(await mostAtOnce({ concurrency: 3 })).toBe(3)
  expect(await mostAtOnce({})).toBe(10)
})

test('rows are counted by what they are, and only those that are stale are written', async () => {
  const [stale, shredded] = await insertMany(2)
  await credentials.update(shredded!.id, { encryption_metadata: shreddedShape(shredded!.encryption_metadata) })
  await credentials.insertStored(randomUUID(), 'acme', [], {})
  credentials.provider.kms.rotate()
  await insertMany(3)
  expect(await rewrap(await storedRows())).toEqual({ ...nothing, rewrapped: 1, current: 3, shredded: 1, empty: 1 })
  expect(await wrapOfRow(stale!)).toBe(2)
  const client = interfering(/UPDATE/, async () => undefined)
  expect(await rewrap(await storedRows(), {}, client)).toEqual({ ...nothing, current: 4, shredded: 1, empty: 1 })
  expect(client.texts).toEqual([])
})

test('no rows need no statement', async () => {
  const client = interfering(/./, () => Promise.reject(new Error('a statement')))
  expect(await rewrap([], {}, client)).toEqual(nothing)
})

describe('a row that another writer changed in the meantime', () => {
  test('is read again and rewrapped as it is then', async () => {
    const [row, other] = await insertMany(2)
    const renewed = await credentials.mint(row!.id)
    const password = credentials.encrypt(renewed, 'password', 'renewed')
    credentials.provider.kms.rotate()
    const client = interfering(/UPDATE/, async (_text, nth) => {
      if (nth > 1) return
      await credentials.update(row!.id, { password, encryption_metadata: metadataToJson(renewed.metadata) })
    })
    expect(await rewrap(await storedRows(), {}, client)).toEqual({ ...nothing, rewrapped: 2 })
    const { encryption_metadata: metadata } = await credentials.read(row!.id)
    expect(metadata).toMatchObject({ id: renewed.metadata.id, wrap: 2, wraps: [{ kek: { version: '2' } }] })
    expect(await credentials.decrypt(await credentials.read(row!.id))).toMatchObject({ password: 'renewed' })
    expect(await wrapOfRow(other!)).toBe(2)
  })

  test('is lost when it changes again', async () => {
    const [row, other] = await insertMany(2)
    credentials.provider.kms.rotate()
    const client = interfering(/UPDATE/, async () => {
      const { encryption_metadata: metadata } = await credentials.read(row!.id)
      const next = { ...metadata, wrap: metadata.wrap + 1 }
      await credentials.update(row!.id, { encryption_metadata: next })
    })
    expect(await rewrap(await storedRows(), {}, client)).toEqual({ ...nothing, rewrapped: 1, lost: 1 })
    const { encryption_metadata: metadata } = await credentials.read(row!.id)
    expect(metadata.wrap).toBe(3)
    expect(metadata.wraps).toEqual(row!.encryption_metadata.wraps)
    expect(await wrapOfRow(other!)).toBe(2)
  })

  test('is lost when it was deleted', async () => {
    const [row] = await insertMany(2)
    credentials.provider.kms.rotate()
    const rows = await storedRows()
    await credentials.query('DELETE FROM {table} WHERE id = $1', [row!.id])
    expect(await rewrap(rows)).toEqual({ ...nothing, rewrapped: 1, lost: 1 })
  })

  test('is counted as what it has become', async () => {
    const [shredded, emptied, rewrapped] = await insertMany(3)
    credentials.provider.kms.rotate()
    const rows = await storedRows()
    await credentials.update(shredded!.id, { encryption_metadata: shreddedShape(shredded!.encryption_metadata) })
    await credentials.update(emptied!.id, { password: null, encryption_metadata: {} })
    await rewrap(rows.filter(({ primaryKey }) => primaryKey.id === rewrapped!.id))
    expect(await rewrap(rows)).toEqual({ ...nothing, current: 1, shredded: 1, empty: 1 })
  })
})

describe('a bad row is reported and stops no other', () => {
  async function failsAlone(break_: (row: Row) => Promise<unknown>, error: object) {
    const rows = await insertMany(7)
    await break_(rows[3]!)
    credentials.provider.kms.rotate()
    const report = await rewrap(await storedRows())
    expect(report).toMatchObject({ rewrapped: 6, lost: 0, failures: [{ primaryKey: { id: rows[3]!.id }, error }] })
  }
  const withoutGuard = async (run: () => Promise<unknown>) => {
    await credentials.query('SET session_replication_role = replica; ALTER TABLE {table} DISABLE TRIGGER ALL')
    await run()
    await credentials.query('RESET session_replication_role; ALTER TABLE {table} ENABLE TRIGGER ALL')
  }

  test('whose metadata is not of format 1', () => {
    const break_ = ({ id }: Row) => withoutGuard(() => credentials.update(id, { encryption_metadata: { note: 'x' } }))
    return failsAlone(break_, { code: 'ERR_INVALID_ENVELOPE' })
  })

  test('whose context is another one', () => {
    const break_ = ({ id }: Row) => withoutGuard(() => credentials.update(id, { tenant_id: 'globex' }))
    return failsAlone(break_, { code: 'ERR_DECRYPTION_FAILED' })
  })

  test('whose context is null', () => {
    const break_ = async ({ id }: Row) => {
      await credentials.query('ALTER TABLE {table} ALTER tenant_id DROP NOT NULL')
      await withoutGuard(() => credentials.update(id, { tenant_id: null }))
    }
    return failsAlone(break_, { code: 'ERR_CONFIGURATION' })
  })

  test('whose KEK is not on the list', () => {
    const break_ = ({ id, encryption_metadata: metadata }: Row) => {
      const foreign = { ...metadata, wrap: 2, wraps: [{ ...wrapOf(), kek: { provider: 'aws', id: 'k', version: '' } }] }
      return credentials.update(id, { encryption_metadata: foreign })
    }
    return failsAlone(break_, { code: 'ERR_KEK_NOT_ACCEPTED' })
  })

  test('whose wrapped key was altered', () => {
    const break_ = ({ id, encryption_metadata: metadata }: Row) => {
      const dataKey = randomBytes(60).toString('base64url')
      const altered = { ...metadata, wrap: 2, wraps: [{ ...metadata.wraps[0], dataKey }] }
      return credentials.update(id, { encryption_metadata: altered })
    }
    return failsAlone(break_, { code: 'ERR_DECRYPTION_FAILED' })
  })

  test('whose fields are of another data key, which the guard refuses to touch', () => {
    const break_ = ({ id }: Row) => withoutGuard(() => credentials.update(id, { password: 'hunter2' }))
    return failsAlone(break_, { code: 'WX002' })
  })

  test('for which the KMS fails once', async () => {
    const rows = await insertMany(3)
    credentials.provider.kms.rotate()
    credentials.provider.faults.inject(faults.throttle(), { operation: 'rewrap', times: 1 })
    const report = await rewrap(await storedRows(), { concurrency: 1 })
    expect(report).toMatchObject({ rewrapped: rows.length - 1, failures: [{ error: { code: 'ERR_KMS_UNAVAILABLE' } }] })
    expect(await rewrap(await storedRows())).toEqual({ ...nothing, rewrapped: 1, current: 2 })
  })
})

test('a failure of the connection is nobody’s row: it is thrown', async () => {
  await insertMany(4)
  credentials.provider.kms.rotate()
  const client = interfering(/UPDATE/, () => Promise.reject(Object.assign(new Error('terminated'), { code: '57P01' })))
  await expect(rewrap(await storedRows(), {}, client)).rejects.toMatchObject({ code: '57P01' })
  expect(client.texts).toHaveLength(1)
})

test('a deadlock is resolved by smaller statements', async () => {
  await insertMany(4)
  credentials.provider.kms.rotate()
  const client = interfering(/UPDATE/, async (_text, nth) => {
    if (nth === 1) throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
  })
  expect(await rewrap(await storedRows(), {}, client)).toEqual({ ...nothing, rewrapped: 4 })
  expect(client.texts).toHaveLength(3)
})

test('the KMS is asked with no transaction open and no lock held', async () => {
  await insertMany(3)
  credentials.provider.kms.rotate()
  const cipher: Pick<typeof credentials.cipher, 'rewrap'> = {
    async rewrap(...args) {
      const { rows } = await database.client.query(
        `SELECT (SELECT state FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS state,
          (SELECT count(*)::int FROM pg_locks WHERE relation = '${credentials.name}'::regclass) AS locks,
          now() = statement_timestamp() AS alone`,
      )
      expect(rows).toEqual([{ state: 'active', locks: 0, alone: true }])
      return credentials.cipher.rewrap(...args)
    },
  }
  const report = await rewrapRows(database.client, credentials.table, await storedRows(), cipher)
  expect(report).toEqual({ ...nothing, rewrapped: 3 })
})

test.each([1, 3])('at most %i rows are rewrapped at a time', async (concurrency) => {
  await insertMany(8)
  credentials.provider.kms.rotate()
  let [running, most] = [0, 0]
  const cipher: Pick<typeof credentials.cipher, 'rewrap'> = {
    async rewrap(...args) {
      most = Math.max(most, ++running)
      try {
        return await credentials.cipher.rewrap(...args)
      } finally {
        running--
      }
    },
  }
  await rewrapRows(database.client, credentials.table, await storedRows(), cipher, { concurrency })
  expect(most).toBe(concurrency)
})

test('an aborted run rejects with the reason, asks the KMS no more and stores nothing', async () => {
  const rows = await insertMany(5)
  credentials.provider.kms.rotate()
  const controller = new AbortController()
  let calls = 0
  const cipher: Pick<typeof credentials.cipher, 'rewrap'> = {
    async rewrap(...args) {
      if (++calls === 2) controller.abort(new Error('stopped'))
      return credentials.cipher.rewrap(...args)
    },
  }
  const options = { concurrency: 1, signal: controller.signal }
  const run = rewrapRows(database.client, credentials.table, await storedRows(), cipher, options)
  await expect(run).rejects.toThrow('stopped')
  expect(calls).toBe(2)
  for (const row of rows) expect(await wrapOfRow(row)).toBe(1)
})

test('a run that is aborted while the last row is rewrapped stores nothing either', async () => {
  const rows = await insertMany(1)
  credentials.provider.kms.rotate()
  const controller = new AbortController()
  const cipher: Pick<typeof credentials.cipher, 'rewrap'> = {
    async rewrap() {
      controller.abort(new Error('stopped'))
      throw controller.signal.reason
    },
  }
  const options = { signal: controller.signal }
  const run = rewrapRows(database.client, credentials.table, await storedRows(), cipher, options)
  await expect(run).rejects.toThrow('stopped')
  expect(await wrapOfRow(rows[0]!)).toBe(1)
})

test('a run that was aborted before it began asks for nothing, whether or not the cipher listens', async () => {
  await insertMany(3)
  credentials.provider.kms.rotate()
  let calls = 0
  const cipher: Pick<typeof credentials.cipher, 'rewrap'> = {
    async rewrap(metadata, binding) {
      calls += 1
      return credentials.cipher.rewrap(metadata, binding)
    },
  }
  const options = { signal: AbortSignal.abort(new Error('stopped')) }
  const run = rewrapRows(database.client, credentials.table, await storedRows(), cipher, options)
  await expect(run).rejects.toThrow('stopped')
  expect(calls).toBe(0)
})

test.each([
  ['no concurrency', { concurrency: 0 }],
  ['an unknown option', { parallel: 3 }],
])('%s is refused', async (_name, options) => {
  await expect(rewrap([], options)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})

test('keys of any spelling are found again', async () => {
  await database.client.query(`CREATE TABLE spelling (org int8, slot text, tenant_id text NOT NULL, password text,
    encryption_metadata jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (org, slot))`)
  const key = [
    { column: 'org', type: 'integer' },
    { column: 'slot', type: 'text' },
  ] as const
  const table = { ...credentials.table, schema: 'public', table: 'spelling', primaryKey: key, row: key }
  const slots = ['', 'NULL', '"', '\\', "'", '{a,b}', ' x ', 'é👍', 'line\nline', '\t']
  for (const [index, slot] of slots.entries()) {
    const org = String(2n ** 62n + BigInt(index))
    const row = JSON.stringify([org, slot])
    const envelope = await credentials.cipher.mint({ entity: 'credential', row, context: { tenant: 'acme' } })
    await database.client.query(`INSERT INTO spelling VALUES ($1, $2, 'acme', null, $3)`, [
      org,
      slot,
      JSON.stringify(metadataToJson(envelope.metadata)),
    ])
  }
  credentials.provider.kms.rotate()
  for await (const rows of readEnvelopes(database.client, table, { batchSize: 3 })) {
    const report = await rewrapRows(database.client, table, rows, credentials.cipher)
    expect(report).toEqual({ ...nothing, rewrapped: rows.length })
  }
})
