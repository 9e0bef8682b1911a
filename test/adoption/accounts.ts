import { createHash, randomUUID } from 'node:crypto'
import pg from 'pg'
import { adoptedTable } from '../../src/adoption/adopted-table.js'
import { prepareAdoption } from '../../src/adoption/prepare.js'
import { hexGcmReader } from '../../src/adoption/readers/hex-gcm.js'
import { plaintextReader } from '../../src/adoption/readers/plaintext.js'
import { EnvelopeCipher, metadataFromJson, parseText } from '../../src/index.js'
import { bindingOf, type ProtectedTable } from '../../src/postgres/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { hexGcm, keyIs, legacyKey } from '../unit/adoption/legacy-values.js'

export const UNTIL = new Date('2100-01-01')
const { key } = legacyKey()

/** As rows were written by the application of before: now and then encrypted, by its own means. */
export const inHex = (plaintext: string) => hexGcm(key, plaintext)

export interface AccountsOptions {
  readonly placement?: 'side' | 'inPlace'
  readonly prepared?: boolean
}

/** A table with secrets from before: `password`, in plaintext or in hex, and `oauth`, JSON. */
export class Accounts {
  readonly provider = new FaultyProvider()
  readonly cipher = new EnvelopeCipher({ provider: this.provider })
  readonly table: ProtectedTable
  readonly database: FreshDatabase
  readonly pool: pg.Pool

  private constructor(
    database: FreshDatabase,
    readonly placement: 'side' | 'inPlace',
  ) {
    this.database = database
    this.pool = new pg.Pool({ connectionString: database.url, max: 12 })
    // The database is dropped while the last of them close.
    this.pool.on('error', () => undefined)
    const readers = [hexGcmReader(keyIs(key)), plaintextReader()].map((reader) => ({ reader, until: UNTIL }))
    const field = (name: string, kind: 'text' | 'json', source: string) => ({
      ...{ id: `account.${name}`, kind, type: 'text' as const },
      ...{ column: placement === 'side' ? `${source}_encrypted` : source, adoption: { placement, source, readers } },
    })
    this.table = {
      ...{ entity: 'account', schema: 'public', table: 'account', metadata: 'encryption_metadata' },
      primaryKey: [{ column: 'id', type: 'uuid' }],
      row: [{ column: 'id', type: 'uuid' }],
      fields: [field('password', 'text', 'password'), field('oauth', 'json', 'oauth')],
      context: [{ name: 'tenant', column: 'tenant_id', type: 'text' }],
    }
  }

  static async create({ placement = 'side', prepared = true }: AccountsOptions = {}): Promise<Accounts> {
    const database = await databaseWithSchema()
    const accounts = new Accounts(database, placement)
    const json = placement === 'side' ? 'jsonb' : 'text'
    await database.client.query(
      `CREATE TABLE account (id uuid PRIMARY KEY, tenant_id text NOT NULL, name text, password text NOT NULL, oauth ${json})`,
    )
    if (prepared) await prepareAdoption(database.client, accounts.table)
    return accounts
  }

  get adopted() {
    return adoptedTable(this.table)
  }

  async query(text: string, values?: unknown[]): Promise<Record<string, any>[]> {
    return (await this.database.client.query(text, values)).rows
  }

  /** As the application of before does it, by columns that it knows. */
  async insert(password: string, oauth: unknown = null): Promise<string> {
    const id = randomUUID()
    const json = oauth === null ? null : JSON.stringify(oauth)
    await this.query(`INSERT INTO account (id, tenant_id, password, oauth) VALUES ($1, 'acme', $2, $3)`, [
      id,
      password,
      json,
    ])
    return id
  }

  /** Rows of each kind, by turns. */
  async fill(rows: number): Promise<void> {
    for (let n = 0; n < rows; n++) {
      await this.insert(n % 3 === 0 ? inHex(`secret ${n}`) : `secret ${n}`, n % 2 === 0 ? { token: n } : null)
    }
  }

  async read(id: string): Promise<Record<string, any>> {
    return (await this.query('SELECT * FROM account WHERE id = $1', [id]))[0]!
  }

  /** What the application gets for a row with an envelope. */
  async decrypt(id: string): Promise<Record<string, unknown>> {
    const row = await this.read(id)
    const envelope = await this.cipher.open(metadataFromJson(row[this.table.metadata]), bindingOf(this.table, row))
    return Object.fromEntries(
      this.table.fields.map((field) => {
        const stored = row[field.column]
        return [field.id.split('.')[1], stored === null ? null : envelope.decryptField(field, parseText(stored))]
      }),
    )
  }

  /** Of everything that the table holds. */
  async digest(): Promise<string> {
    const rows = await this.query('SELECT account::text AS row FROM account ORDER BY id')
    return createHash('sha256').update(JSON.stringify(rows)).digest('hex')
  }

  async drop(): Promise<void> {
    await this.pool.end()
    await this.database.drop()
  }
}
