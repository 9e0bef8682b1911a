type Options = Readonly<Record<string, unknown>>

/**
 * What `pg` connects with, of the options of a TypeORM DataSource: as TypeORM makes it of them for its pool. Of several servers
 * the one that is written to.
 */
export function connectionOptionsOf(options: Options): Options {
  const { master } = (options.replication ?? {}) as { readonly master?: Options }
  const { url, host, port, username: user, password, database, ssl, extra } = { ...options, ...master } as Options
  return { connectionString: url, host, port, user, password, database, ssl, ...(extra as object | undefined) }
}
