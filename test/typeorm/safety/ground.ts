import { randomUUID } from 'node:crypto'
import { DataSource, type DataSourceOptions, type EntitySchema } from 'typeorm'
import { FaultyProvider } from '../../../src/testing/index.js'
import { decryptAll } from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from '../data-source.js'
import { TypeormLog } from '../typeorm-log.js'
import type { Ground, Setup } from './cases.js'
import { type Model, openModel, protectedModel } from './model.js'
import { OtherCache } from './other-cache.js'

/** One database with its DataSources, in each set-up that a case asks for. */
export class Site {
  readonly log = new TypeormLog()
  readonly cache = new OtherCache()
  readonly model: Model
  readonly database: FreshDatabase
  readonly #isProtected: boolean
  readonly #provider = new FaultyProvider()
  readonly #open = new Map<Setup, DataSource>()
  #encrypted: EncryptedDataSource | undefined

  private constructor(database: FreshDatabase, isProtected: boolean) {
    this.database = database
    this.#isProtected = isProtected
    this.model = isProtected ? protectedModel() : openModel()
  }

  static async make(isProtected: boolean): Promise<Site> {
    const site = new Site(await freshDatabase(), isProtected)
    await site.dataSource('usual')
    return site
  }

  async destroy(): Promise<void> {
    for (const dataSource of this.#open.values()) await dataSource.destroy()
    await this.database.drop()
  }

  /** Empty tables, and one row in which every field holds `value`. */
  async ground(setup: Setup, value: string): Promise<Ground> {
    const usual = await this.dataSource('usual')
    const tables = usual.entityMetadatas.filter(({ tableType }) => tableType !== 'view' && tableType !== 'entity-child')
    const names = [...tables.map(({ tablePath }) => tablePath), '"query-result-cache"']
    // As a replica does: without foreign keys, in any order.
    const emptied = names.map((name) => `DELETE FROM ${name}`).join(';')
    await this.database.client.query(
      `SET session_replication_role = replica; ${emptied}; RESET session_replication_role; DROP SCHEMA IF EXISTS declared CASCADE`,
    )
    const existing = await usual.getRepository(this.model.Credential).save({
      tenantId: randomUUID(),
      name: randomUUID(),
      password: value,
      settings: { a: value },
      oauth: { access: value },
      certificate: Buffer.from(value),
      hidden: value,
      endpoint: { secret: value, host: 'h' },
      tokens: [{ value } as never],
    })
    this.#encrypted?.cipher.forgetAll()
    this.log.clear()
    this.cache.clear()
    const dataSource = await this.dataSource(setup)
    const { model, database } = this
    return { model, database, dataSource, existing, credentials: dataSource.getRepository(model.Credential) }
  }

  /** Every plaintext that the application can read, by a key cache that is empty. Fails where a row cannot be read. */
  async everything(): Promise<string> {
    this.#encrypted?.cipher.forgetAll()
    const usual = await this.dataSource('usual')
    const read: unknown[] = []
    for (const table of this.model.tables) {
      const repository = usual.getRepository<object>(table as EntitySchema<object>)
      const hidden = repository.metadata.columns.filter(({ isSelect }) => !isSelect)
      const query = repository.createQueryBuilder('e').withDeleted()
      query.addSelect(hidden.map(({ propertyPath }) => `e.${propertyPath}`))
      for (const { fields, error } of await decryptAll(repository, await query.getMany())) {
        if (error) throw error
        read.push(fields)
      }
    }
    return JSON.stringify(read, (_, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString() : value))
  }

  async dataSource(setup: Setup): Promise<DataSource> {
    const known = this.#open.get(setup)
    if (known) return known
    const made = await this.#make(setup)
    this.#open.set(setup, made)
    return made
  }

  async #make(setup: Setup): Promise<DataSource> {
    const { url } = this.database
    const options = {
      logging: 'all',
      logger: this.log,
      synchronize: setup === 'usual',
      cache: setup === 'other cache' ? { provider: () => this.cache } : { duration: 60_000 },
      ...(setup === 'replicated' && { replication: { master: { url }, slaves: [{ url }] } }),
    }
    if (!this.#isProtected || setup === 'without withEncryption()') {
      const { entities } = this.model
      return new DataSource({
        type: 'postgres',
        url,
        entities,
        ...options,
      } as unknown as DataSourceOptions).initialize()
    }
    const encrypted = await encryptedDataSource(this.database, this.model.entities, {
      typeorm: options,
      provider: this.#provider,
      encryption: { guard: setup === 'usual' ? 'install' : 'require' },
      initialize: false,
    })
    const { dataSource } = encrypted
    if (setup === 'with its subscribers emptied') dataSource.setOptions({ subscribers: [] })
    if (setup === 'usual') this.#encrypted = encrypted
    return dataSource.initialize()
  }
}
