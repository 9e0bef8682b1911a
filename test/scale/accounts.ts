import { randomBytes, randomUUID } from 'node:crypto'
import type { DataSource } from 'typeorm'
import { EnvelopeCipher, formatText, metadataFromJson, metadataToJson, parseText } from '../../src/index.js'
import { installSchema } from '../../src/lifecycle/index.js'
import { bindingOf, type ProtectedTable, qualifiedName } from '../../src/postgres/index.js'
import { addEncryptionGuard, protectedTableOf } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Account, application } from '../typeorm/failures/application.js'
import { localKms, type Setting } from './setting.js'

export interface Plaintext {
  readonly password: string
  readonly token: string
}

const INSERTED_AT_ONCE = 1_000

/** A table of accounts with its guard, in a database of its own, that processes of all kinds work on. */
export class Accounts {
  readonly database: FreshDatabase
  readonly table: ProtectedTable
  readonly keys: Setting['keys']

  private constructor(database: FreshDatabase, table: ProtectedTable, keys: Setting['keys']) {
    this.database = database
    this.table = table
    this.keys = keys
  }

  static async create(): Promise<Accounts> {
    const database = await freshDatabase()
    const keys = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')] as const
    const dataSource: DataSource = application(database.url, localKms({ keys, currentKey: 1 }), { synchronize: true })
    await dataSource.initialize()
    const runner = dataSource.createQueryRunner()
    await addEncryptionGuard(runner, Account)
    await runner.release()
    const table = protectedTableOf(dataSource, Account)
    await dataSource.destroy()
    await installSchema(database.client)
    return new Accounts(database, table, keys)
  }

  get name(): string {
    return qualifiedName(this.table)
  }

  /** Ids of new rows, under the first KEK. */
  async seed(count: number): Promise<string[]> {
    const cipher = new EnvelopeCipher({ provider: localKms({ keys: this.keys, currentKey: 1 }) })
    const ids: string[] = []
    while (ids.length < count) {
      const batch = await Promise.all(
        Array.from({ length: Math.min(INSERTED_AT_ONCE, count - ids.length) }, async () => {
          const id = randomUUID()
          const envelope = await cipher.mint(bindingOf(this.table, { id }))
          const encrypt = (name: 'password' | 'token') => {
            const { id: field, kind } = this.table.fields.find(({ column }) => column === name)!
            return formatText(envelope.encryptField({ id: field, kind }, this.plaintextOf(id)[name]))
          }
          const metadata = JSON.stringify(metadataToJson(envelope.metadata))
          return [id, encrypt('password'), encrypt('token'), metadata] as const
        }),
      )
      const column = (n: 0 | 1 | 2 | 3) => batch.map((row) => row[n])
      await this.database.client.query(
        `INSERT INTO ${this.name} (id, name, password, token, "${this.table.metadata}")
          SELECT id, id::text, password, token, metadata
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[]) AS row (id, password, token, metadata)`,
        [column(0), column(1), column(2), column(3)],
      )
      ids.push(...column(0))
    }
    await this.database.client.query(`ANALYZE ${this.name}`)
    return ids
  }

  /** Of a row that nobody has changed since it was seeded. */
  plaintextOf(id: string): Plaintext {
    return { password: `password of ${id}`, token: `token of ${id}` }
  }

  /** What stands in the table, decrypted, by id. Each row has to open. */
  async decrypted(): Promise<Map<string, Plaintext>> {
    const cipher = new EnvelopeCipher({ provider: localKms({ keys: this.keys, currentKey: 2 }), cache: false })
    const { rows } = await this.database.client.query(
      `SELECT id::text, password, token, "${this.table.metadata}" AS metadata FROM ${this.name}`,
    )
    const opened = new Map<string, Plaintext>()
    for (const { id, metadata, ...fields } of rows) {
      const envelope = await cipher.open(metadataFromJson(metadata), bindingOf(this.table, { id }))
      const open = (name: string) => {
        const { id: field, kind } = this.table.fields.find(({ column }) => column === name)!
        return envelope.decryptField({ id: field, kind }, parseText(fields[name])) as string
      }
      opened.set(id, { password: open('password'), token: open('token') })
    }
    return opened
  }

  /** One digest over the field columns of these rows. */
  async fieldDigest(ids: readonly string[]): Promise<string> {
    const { rows } = await this.database.client.query(
      `SELECT encode(sha256(string_agg(sha256(convert_to(concat_ws('|', id, name, password, token), 'UTF8')), ''::bytea
          ORDER BY id)), 'hex') AS digest
        FROM ${this.name} WHERE id = ANY ($1::uuid[])`,
      [ids],
    )
    return rows[0].digest
  }

  async count(condition = 'true'): Promise<number> {
    const { rows } = await this.database.client.query(`SELECT count(*)::int FROM ${this.name} WHERE ${condition}`)
    return rows[0].count
  }
}
