import type { Client } from 'pg'
import type { DataSource, Repository } from 'typeorm'
import type { PlainTwin, ShopCredential } from '../entities.js'

/** What both tables have in common. */
export type Row = Pick<ShopCredential, 'id' | 'tenantId' | 'shop' | 'kind' | 'secret' | 'webhookSecret'>

/** A table that an attempt is made on: the protected one, or its twin, where it must succeed. */
export interface Target {
  readonly entity: typeof ShopCredential | typeof PlainTwin
  readonly dataSource: DataSource
  readonly repository: Repository<Row>
  /** The same entity through a DataSource without `withEncryption`. */
  readonly bare: Repository<Row>
  /** Quoted, with its schema. */
  readonly table: string
  /** A name that Postgres understands and TypeORM does not know: database.schema.table. */
  readonly unknownName: string
  /** Two rows that no other attempt touches. */
  readonly row: Row
  readonly other: Row
  /** Another client: `pg` on its own. */
  connect<T>(use: (client: Client) => Promise<T>): Promise<T>
}

/** One known way of storing plaintext. */
export interface Attempt {
  readonly name: string
  /**
   * Error codes that count as stopped. Any other failure does not: a statement with a typing error would prove nothing.
   */
  readonly stoppedBy: readonly string[]
  /** Tries to get `canary` into the table; rejects with what stopped it. */
  run(target: Target, canary: string): Promise<unknown>
}

export const REFUSED = 'ERR_PLAINTEXT_REFUSED'
