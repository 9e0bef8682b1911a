import type { FreshDatabase } from '../setup/database.js'

/** What an operator or an attacker with SQL does to rows, for tests. */
export async function shred(
  { client }: Pick<FreshDatabase, 'client'>,
  table: string,
  id: string,
  receipt = 'receipt-1',
): Promise<void> {
  await client.query(
    `UPDATE ${table} SET encryption_metadata = (encryption_metadata - 'wrap' - 'wraps') || jsonb_build_object('shredded', $2::text)
     WHERE id = $1`,
    [id, receipt],
  )
}

/** Runs SQL with the guard of a table switched off, as the owner of the table can. */
export async function withoutGuard(
  { client }: Pick<FreshDatabase, 'client'>,
  table: string,
  run: () => Promise<unknown>,
): Promise<void> {
  await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
  await run()
  const { rows } = await client.query(
    'SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal',
    [table],
  )
  for (const { tgname } of rows) await client.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${tgname}`)
}
