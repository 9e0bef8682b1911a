import { randomUUID } from 'node:crypto'
import { expect } from '@jest/globals'
import type { DataSource, Repository } from 'typeorm'
import { type EnvelopeCipher, RecordingProvider } from '../../src/index.js'
import { type RewrapReport, readEnvelopes, rewrapRows, type StoredRow } from '../../src/postgres/index.js'
import { protectedTableOf, queryableOf } from '../../src/typeorm/index.js'
import type { KmsProviderUnderTest } from '../contract/kms-provider.js'
import { dumpDatabase, type FreshDatabase, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from '../typeorm/data-source.js'
import { Credential, Token } from '../typeorm/entities.js'
import { failureOf, printed } from '../typeorm/refusal.js'
import { newCanary } from '../typeorm/suite.js'
import { DyingKms } from './dying-kms.js'

/** How many rows one `insert` writes. */
export const ROWS = 3

interface Parts {
  readonly underTest: KmsProviderUnderTest
  readonly database: FreshDatabase
  readonly kms: DyingKms
  readonly cipher: EnvelopeCipher
  readonly dataSource: DataSource
}

/** An application with TypeORM over a database of its own, which asks the KMS anew in each operation. */
export class Service {
  /** Every plaintext that it wrote. */
  readonly canaries: string[] = []
  readonly #parts: Parts

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  static async start(underTest: KmsProviderUnderTest): Promise<Service> {
    const database = await freshDatabase()
    const kms = new DyingKms(() => underTest.control.failWithServerError())
    const provider = new RecordingProvider(underTest.provider, kms)
    const { dataSource, cipher } = await encryptedDataSource(database, [Credential, Token], { cipher: { provider } })
    return new Service({ underTest, database, kms, cipher, dataSource })
  }

  async stop(): Promise<void> {
    await this.#parts.dataSource.destroy()
    await this.database.drop()
  }

  get underTest(): KmsProviderUnderTest {
    return this.#parts.underTest
  }

  get database(): FreshDatabase {
    return this.#parts.database
  }

  get #credentials(): Repository<Credential> {
    return this.#parts.dataSource.getRepository(Credential)
  }

  /** Rows of several tenants in one transaction. Gives what `read` gives then. */
  async insert(): Promise<string[]> {
    const passwords = Array.from({ length: ROWS }, newCanary).sort()
    this.canaries.push(...passwords)
    const values = passwords.map((password) => ({ tenantId: randomUUID(), password }))
    await this.#credentials.save(this.#credentials.create(values))
    return passwords
  }

  async read(): Promise<(string | null)[]> {
    this.#parts.cipher.forgetAll()
    const rows = await this.#credentials.find()
    return rows.map(({ password }) => password).sort()
  }

  async rewrap(): Promise<RewrapReport> {
    const { dataSource, cipher } = this.#parts
    cipher.forgetAll()
    const runner = dataSource.createQueryRunner()
    const client = queryableOf(runner)
    const table = protectedTableOf(dataSource, Credential)
    try {
      const rows: StoredRow[] = []
      for await (const batch of readEnvelopes(client, table)) rows.push(...batch)
      return await rewrapRows(client, table, rows, cipher)
    } finally {
      await runner.release()
    }
  }

  dump(): Promise<string> {
    return dumpDatabase(this.database.client)
  }

  /** `run` fails with the code, and its error tells no plaintext. */
  async expectFailure(run: () => Promise<unknown>, code: string): Promise<void> {
    const error = await failureOf(run)
    expect(error).toMatchObject({ code })
    for (const canary of this.canaries) expect(printed(error)).not.toContain(canary)
  }

  /** The operation with a KMS that dies after no call, after one, …, until it has answered enough. */
  async dyingAfterEachCall(
    operation: () => Promise<unknown>,
    mend: () => Promise<void> | void,
    check: () => Promise<void>,
  ): Promise<void> {
    const { kms } = this.#parts
    for (let answered = 0, succeeded = false; !succeeded; answered++) {
      kms.dieAfter(answered)
      const attempt = operation().then(() => {
        succeeded = true
      })
      if (answered === 0) await this.expectFailure(() => attempt, 'ERR_KMS_UNAVAILABLE')
      else await attempt.catch((error) => this.expectFailure(() => Promise.reject(error), 'ERR_KMS_UNAVAILABLE'))
      kms.live()
      await mend()
      if (!succeeded) await check()
    }
  }
}
