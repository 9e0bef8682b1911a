/** The part of a `pg` client or pool that is used here. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

/** One connection of a pool: statements of a transaction go through it. */
export interface PooledClient extends Queryable {
  /** Gives it back; `true` closes it, since nobody knows what state it is in. */
  release(destroy?: boolean): void
}

/** The part of a `pg` pool that is used here. */
export interface Pool extends Queryable {
  connect(): Promise<PooledClient>
}
