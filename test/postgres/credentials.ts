import { randomBytes, randomUUID } from 'node:crypto'
import {
  EnvelopeCipher,
  formatBytes,
  formatText,
  metadataFromJson,
  metadataToJson,
  type OpenEnvelope,
  parseBytes,
  parseText,
} from '../../src/index.js'
import {
  bindingOf,
  type FieldAdoption,
  type FieldColumn,
  guardSql,
  type ProtectedTable,
  type Queryable,
  qualifiedName,
  quoteIdentifier,
} from '../../src/postgres/index.js'
import { FaultyProvider } from '../../src/testing/index.js'

export const FIELDS = ['password', 'oauth'] as const
export type FieldName = (typeof FIELDS)[number]

export interface Row {
  id: string
  tenant_id: string
  name: string | null
  password: string | Buffer | null
  oauth: string | Buffer | null
  encryption_metadata: Record<string, any>
}

export interface CredentialsOptions {
  schema?: string
  table?: string
  fieldType?: FieldColumn['type']
  /** Of the fields and of the tenant's name, such as `case_insensitive`. */
  collation?: string
  guarded?: boolean
  /** Fields that are adopted: `oauth` beside the column `oauth_source`, `password` where it stands. */
  adopted?: boolean
}

const ADOPTIONS: Record<FieldName, FieldAdoption> = {
  password: { placement: 'inPlace', source: 'password', readers: [] },
  oauth: { placement: 'side', source: 'oauth_source', readers: [] },
}

/** A table of credentials as the ORM would keep it, and a cipher with a KMS in memory. */
export class Credentials {
  readonly provider = new FaultyProvider()
  readonly cipher = new EnvelopeCipher({ provider: this.provider })
  readonly table: ProtectedTable
  readonly name: string
  readonly #client: Queryable

  private constructor(client: Queryable, table: ProtectedTable) {
    this.#client = client
    this.table = table
    this.name = qualifiedName(table)
  }

  static async create(client: Queryable, options: CredentialsOptions = {}): Promise<Credentials> {
    const {
      schema = 'public',
      table = 'credential',
      fieldType = 'text',
      collation,
      guarded = true,
      adopted = false,
    } = options
    const collate = collation ? `COLLATE ${collation}` : ''
    const field = `${fieldType} ${fieldType === 'text' ? collate : ''}`
    const adoption = (name: FieldName) => (adopted ? { adoption: ADOPTIONS[name] } : {})
    const credentials = new Credentials(client, {
      entity: 'credential',
      schema,
      table,
      primaryKey: [{ column: 'id', type: 'uuid' }],
      row: [{ column: 'id', type: 'uuid' }],
      metadata: 'encryption_metadata',
      fields: [
        { column: 'password', type: fieldType, id: 'credential.password', kind: 'text', ...adoption('password') },
        { column: 'oauth', type: fieldType, id: 'credential.oauth', kind: 'json', ...adoption('oauth') },
      ],
      context: [{ name: 'tenant', column: 'tenant_id', type: 'text' }],
    })
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`)
    await client.query(`CREATE TABLE ${credentials.name} (
      id uuid PRIMARY KEY, tenant_id text ${collate} NOT NULL, name text, deleted_at timestamptz,
      password ${field}, oauth ${field}, ${adopted ? 'oauth_source text,' : ''} encryption_metadata jsonb NOT NULL DEFAULT '{}')`)
    if (guarded) await install(client, credentials.table)
    return credentials
  }

  query(text: string, values?: unknown[]) {
    return this.#client.query(text.replaceAll('{table}', this.name), values)
  }

  /** A new envelope for a row, which need not exist. */
  mint(id: string, tenant_id = 'acme'): Promise<OpenEnvelope> {
    return this.cipher.mint(bindingOf(this.table, { id, tenant_id }))
  }

  open(row: Row): Promise<OpenEnvelope> {
    return this.cipher.open(metadataFromJson(row.encryption_metadata), bindingOf(this.table, { ...row }))
  }

  /** What is stored for a field. */
  encrypt(envelope: OpenEnvelope, field: FieldName, value: unknown): string | Buffer {
    const spec = this.#field(field)
    return (spec.type === 'text' ? formatText : formatBytes)(envelope.encryptField(spec, value))
  }

  async decrypt(row: Row): Promise<Record<FieldName, unknown>> {
    const plain: Record<FieldName, unknown> = { password: null, oauth: null }
    for (const name of FIELDS) {
      const stored = row[name]
      if (stored === null) continue
      plain[name] = this.decryptWith(await this.open(row), name, stored)
    }
    return plain
  }

  decryptWith(envelope: OpenEnvelope, field: FieldName, stored: string | Buffer): unknown {
    const encrypted = typeof stored === 'string' ? parseText(stored) : parseBytes(stored)
    return envelope.decryptField(this.#field(field), encrypted)
  }

  async insert(values: Partial<Record<FieldName, unknown>>, tenant = 'acme'): Promise<Row> {
    const id = randomUUID()
    const envelope = await this.mint(id, tenant)
    const encrypted = FIELDS.map((name) => {
      return values[name] === undefined ? null : this.encrypt(envelope, name, values[name])
    })
    await this.insertStored(id, tenant, encrypted, metadataToJson(envelope.metadata))
    return this.read(id)
  }

  insertStored(id: string, tenant: string, [password, oauth]: readonly unknown[], metadata: unknown) {
    return this.query(
      'INSERT INTO {table} (id, tenant_id, password, oauth, encryption_metadata) VALUES ($1, $2, $3, $4, $5)',
      [id, tenant, password ?? null, oauth ?? null, JSON.stringify(metadata)],
    )
  }

  /** Sets columns of one row. Objects are sent as JSON. */
  update(id: string, changes: Record<string, unknown>) {
    const columns = Object.keys(changes)
    const isJson = (value: unknown) => typeof value === 'object' && value !== null && !Buffer.isBuffer(value)
    const values = Object.values(changes).map((value) => (isJson(value) ? JSON.stringify(value) : value))
    const assignments = columns.map((column, index) => `${quoteIdentifier(column)} = $${index + 2}`)
    return this.query(`UPDATE {table} SET ${assignments.join(', ')} WHERE id = $1`, [id, ...values])
  }

  async read(id: string): Promise<Row> {
    const { rows } = await this.query('SELECT * FROM {table} WHERE id = $1', [id])
    return rows[0] as unknown as Row
  }

  #field(name: FieldName): FieldColumn {
    return this.table.fields.find(({ column }) => column === name)!
  }
}

export async function install(client: Queryable, table: ProtectedTable): Promise<void> {
  for (const statement of guardSql(table).install) await client.query(statement)
}

export async function remove(client: Queryable, table: ProtectedTable): Promise<void> {
  for (const statement of guardSql(table).remove) await client.query(statement)
}

/** `accepted`, or the SQLSTATE with which the database refused. */
export async function outcome(statement: Promise<unknown>): Promise<string> {
  try {
    await statement
    return 'accepted'
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error)
  }
}

/** A wrap that nobody made, of the right shape. */
export function wrapOf(kekId = 'fake-kek') {
  const dataKey = randomBytes(60).toString('base64url')
  return { kek: { provider: 'fake', id: kekId, version: '1' }, dataKey, wrappedAt: '2026-11-22T21:00:00Z' }
}

export function wrappedShape() {
  return {
    format: 1,
    id: randomBytes(16).toString('base64url'),
    commitment: randomBytes(32).toString('base64url'),
    wrap: 1,
    wraps: [wrapOf()],
  }
}

export function shreddedShape(from: Record<string, any>) {
  return { format: 1, id: from.id, commitment: from.commitment, shredded: 'receipt-1' }
}
