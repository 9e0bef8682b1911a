import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { DataSource } from 'typeorm'
import type { EnvelopeCipher, EnvelopeCipherOptions } from '../../src/index.js'
import { type RewrapReport, readEnvelopes, rewrapRows, type StoredRow } from '../../src/postgres/index.js'
import { type RotationReport, rotate } from '../../src/rotation/index.js'
import { protectedTableOf, queryableOf } from '../../src/typeorm/index.js'
import type { FreshDatabase } from '../setup/database.js'
import { encryptedDataSource } from '../typeorm/data-source.js'
import { Credential, Token } from '../typeorm/entities.js'
import { newCanary } from '../typeorm/suite.js'

/** How many rows one `insert` writes. */
export const ROWS = 3

/** An application with TypeORM as one deployment of it runs: over a database that may hold rows of others. */
export class Application {
  /** Every plaintext that it wrote. */
  readonly canaries: string[] = []
  readonly cipher: EnvelopeCipher
  readonly #dataSource: DataSource
  readonly #url: string

  private constructor(dataSource: DataSource, cipher: EnvelopeCipher, url: string) {
    this.#dataSource = dataSource
    this.cipher = cipher
    this.#url = url
  }

  static async start(database: Pick<FreshDatabase, 'url'>, options: EnvelopeCipherOptions): Promise<Application> {
    const { dataSource, cipher } = await encryptedDataSource(database, [Credential, Token], {
      cipher: options,
      // It would ask the KMS by itself, and calls are counted.
      encryption: { fleet: 'off' },
    })
    return new Application(dataSource, cipher, database.url)
  }

  stop(): Promise<void> {
    return this.#dataSource.destroy()
  }

  /** Rows of several tenants in one transaction. Gives what `read` gives then. */
  async insert(): Promise<string[]> {
    const passwords = Array.from({ length: ROWS }, newCanary).sort()
    this.canaries.push(...passwords)
    const values = passwords.map((password) => {
      return { tenantId: randomUUID(), password, settings: { password }, certificate: Buffer.from(password) }
    })
    const credentials = this.#dataSource.getRepository(Credential)
    await credentials.save(credentials.create(values))
    return passwords
  }

  /** Asks the KMS anew. */
  async read(): Promise<(string | null)[]> {
    this.cipher.forgetAll()
    const rows = await this.#dataSource.getRepository(Credential).find()
    return rows.map(({ password }) => password).sort()
  }

  async rewrap(): Promise<RewrapReport> {
    this.cipher.forgetAll()
    const runner = this.#dataSource.createQueryRunner()
    const client = queryableOf(runner)
    const table = protectedTableOf(this.#dataSource, Credential)
    try {
      const rows: StoredRow[] = []
      for await (const batch of readEnvelopes(client, table)) rows.push(...batch)
      return await rewrapRows(client, table, rows, this.cipher)
    } finally {
      await runner.release()
    }
  }
  /** A run over all rows, as `waxseal rotate` does it. The schema `waxseal` is installed. */
  async rotate(): Promise<RotationReport> {
    this.cipher.forgetAll()
    const pool = new pg.Pool({ connectionString: this.#url, max: 4 })
    pool.on('connect', (client) => client.on('error', () => undefined))
    try {
      const tables = [protectedTableOf(this.#dataSource, Credential)]
      const [report] = await rotate({ cipher: this.cipher, tables, pool })
      return report!
    } finally {
      await pool.end()
    }
  }
}
