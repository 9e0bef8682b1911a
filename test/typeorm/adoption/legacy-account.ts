import 'reflect-metadata'
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { datedReader } from '../../../src/adoption/index.js'
import type { DatedReader, EncryptionMode } from '../../../src/postgres/index.js'
import { FaultyProvider } from '../../../src/testing/index.js'
import { Encrypted, EncryptedValue, EncryptionMetadata, type EncryptionOptions } from '../../../src/typeorm/index.js'
import type { FreshDatabase } from '../../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from '../data-source.js'
import { TypeormLog } from '../typeorm-log.js'

export const UNTIL = new Date('2100-01-01')
export const READERS: readonly DatedReader[] = [datedReader({ name: 'plaintext', until: UNTIL })]

/** As the application had it before: every column in the open. */
@Entity('account')
export class OldAccount {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column('text', { nullable: true })
  name!: string | null

  @Column('varchar', { length: 200 })
  password!: string

  @Column('jsonb', { nullable: true })
  settings!: unknown

  @Column('text', { nullable: true })
  token!: string | null

  @Column('text', { nullable: true })
  note!: string | null

  @Column('text', { nullable: true })
  hint!: string | null
}

/** While it is adopted: beside their columns, lazily too, and two fields where they stand. */
@Entity('account')
export class Account {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('uuid')
  tenantId!: string

  @Column('text', { nullable: true })
  name!: string | null

  @Encrypted({ name: 'password_encrypted', adopt: { source: 'password', readers: READERS } })
  password!: string

  @Encrypted({
    as: 'json',
    nullable: true,
    name: 'settings_encrypted',
    adopt: { source: 'settings', readers: READERS },
  })
  settings!: unknown

  @Encrypted({ lazy: true, nullable: true, name: 'token_encrypted', adopt: { source: 'token', readers: READERS } })
  token!: EncryptedValue<string> | string | null

  @Encrypted({ nullable: true, adopt: { placement: 'inPlace', readers: READERS } })
  note!: string | null

  @Encrypted({ nullable: true, select: false, adopt: { placement: 'inPlace', readers: READERS } })
  hint!: string | null

  @EncryptionMetadata({ entity: 'account', context: { tenant: 'tenantId' } })
  encryptionMetadata!: unknown
}

export const FIELDS = ['password', 'settings', 'token', 'note', 'hint'] as const

/** What `prepare` does: the columns that an adoption adds. */
const PREPARED = `ALTER TABLE account ADD encryption_metadata jsonb NOT NULL DEFAULT '{}',
  ADD password_encrypted text, ADD settings_encrypted text, ADD token_encrypted text`

/** A table of an application that knew nothing of waxseal, and processes of each stage of its adoption. */
export class LegacyTable {
  readonly database: FreshDatabase
  readonly log = new TypeormLog()
  readonly provider = new FaultyProvider()
  readonly #open: DataSource[] = []
  #isGuarded = false

  private constructor(database: FreshDatabase) {
    this.database = database
  }

  static async create(database: FreshDatabase): Promise<LegacyTable> {
    const table = new LegacyTable(database)
    await (await table.old({ synchronize: true })).destroy()
    await database.client.query(PREPARED)
    return table
  }

  /** A process without waxseal. */
  async old(options: object = {}): Promise<DataSource> {
    const { url } = this.database
    const made = new DataSource({ type: 'postgres', url, entities: [OldAccount], ...options } as DataSourceOptions)
    this.#open.push(made)
    return made.initialize()
  }

  /** A process in `mode`. The guard is that of the first one, which installs it. */
  async start(
    mode: EncryptionMode,
    encryption: Partial<EncryptionOptions> = {},
    typeorm: object = { logging: 'all', logger: this.log },
  ): Promise<EncryptedDataSource> {
    const guard = this.#isGuarded ? 'require' : 'install'
    this.#isGuarded = true
    const made = await encryptedDataSource(this.database, [Account], {
      provider: this.provider,
      encryption: { mode, guard, ...encryption },
      typeorm: { synchronize: false, cache: { duration: 60_000 }, ...typeorm },
    })
    this.#open.push(made.dataSource)
    return made
  }

  async stored(id: string): Promise<Record<string, unknown>> {
    const { rows } = await this.database.client.query('SELECT * FROM account WHERE id = $1', [id])
    return rows[0] as Record<string, unknown>
  }

  async close(): Promise<void> {
    for (const dataSource of this.#open) if (dataSource.isInitialized) await dataSource.destroy()
  }
}
