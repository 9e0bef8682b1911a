import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import pg from 'pg'
import { installSchema } from '../../src/lifecycle/index.js'
import { type ShredOptions, type ShredReport, type ShredTarget, shred } from '../../src/shredding/index.js'
import { Credentials, type CredentialsOptions, type Row } from '../postgres/credentials.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

export interface ShreddingSuite {
  readonly database: FreshDatabase
  readonly client: FreshDatabase['client']
  readonly credentials: Credentials
  options(target: ShredTarget, changes?: Partial<ShredOptions>): ShredOptions
  shred(target: ShredTarget, changes?: Partial<ShredOptions>): Promise<ShredReport>
  rowTarget(row: Pick<Row, 'id'>): ShredTarget
  insertMany(count: number, tenant?: string): Promise<Row[]>
  /** One more connection to the database. */
  connect(): Promise<pg.Client>
}

export const ENTITY: ShredTarget = { kind: 'entity', entity: 'credential' }
export const ACME: ShredTarget = { kind: 'context', pair: 'tenant', value: 'acme' }

/** A database with our schema, and a table of credentials of its own for each test. */
export function shreddingSuite(
  options: CredentialsOptions = {},
  prepare?: (client: pg.Client) => Promise<unknown>,
): ShreddingSuite {
  let database: FreshDatabase
  let credentials: Credentials
  let schemas = 0
  beforeAll(async () => {
    database = await freshDatabase()
    await prepare?.(database.client)
    await installSchema(database.client)
  })
  const others: pg.Client[] = []
  afterAll(async () => {
    await Promise.all(others.map((each) => each.end()))
    await database.drop()
  })
  beforeEach(async () => {
    credentials = await Credentials.create(database.client, { schema: `shred_${schemas++}`, ...options })
  })
  const made = (target: ShredTarget, changes: Partial<ShredOptions> = {}): ShredOptions => {
    const { table, cipher } = credentials
    return { target, tables: [table], cipher, reason: 'offboarding', who: 'operator', backupsKept: '35d', ...changes }
  }
  return {
    get database() {
      return database
    },
    get client() {
      return database.client
    },
    get credentials() {
      return credentials
    },
    options: made,
    shred: (target, changes) => shred(database.client, made(target, changes)),
    rowTarget: ({ id }) => ({ kind: 'row', entity: 'credential', primaryKey: { id } }),
    async connect() {
      const client = new pg.Client({ connectionString: database.url })
      others.push(client)
      await client.connect()
      return client
    },
    async insertMany(count, tenant) {
      const rows: Row[] = []
      for (let n = 0; n < count; n++) rows.push(await credentials.insert({ password: `password ${n}` }, tenant))
      return rows
    },
  }
}
