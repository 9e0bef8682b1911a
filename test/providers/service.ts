import { expect } from '@jest/globals'
import { RecordingProvider } from '../../src/index.js'
import type { RewrapReport } from '../../src/postgres/index.js'
import type { RotationReport } from '../../src/rotation/index.js'
import type { KmsProviderUnderTest } from '../contract/kms-provider.js'
import { dumpDatabase, type FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { failureOf, printed } from '../typeorm/refusal.js'
import { Application } from './application.js'
import { DyingKms } from './dying-kms.js'

interface Parts {
  readonly underTest: KmsProviderUnderTest
  readonly database: FreshDatabase
  readonly kms: DyingKms
  readonly application: Application
}

/** An application over a database of its own and one KMS, which it asks anew in each operation. */
export class Service {
  readonly #parts: Parts

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  static async start(underTest: KmsProviderUnderTest): Promise<Service> {
    const database = await databaseWithSchema()
    const kms = new DyingKms(() => underTest.control.failWithServerError())
    const provider = new RecordingProvider(underTest.provider, kms)
    const application = await Application.start(database, { provider })
    return new Service({ underTest, database, kms, application })
  }

  async stop(): Promise<void> {
    await this.#parts.application.stop()
    await this.database.drop()
  }

  get underTest(): KmsProviderUnderTest {
    return this.#parts.underTest
  }

  get database(): FreshDatabase {
    return this.#parts.database
  }

  get canaries(): readonly string[] {
    return this.#parts.application.canaries
  }

  insert(): Promise<string[]> {
    return this.#parts.application.insert()
  }

  read(): Promise<(string | null)[]> {
    return this.#parts.application.read()
  }

  rewrap(): Promise<RewrapReport> {
    return this.#parts.application.rewrap()
  }

  rotate(): Promise<RotationReport> {
    return this.#parts.application.rotate()
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
