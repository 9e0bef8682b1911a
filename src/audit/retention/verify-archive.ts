import { basename } from 'node:path'
import { ConfigurationError } from '../../errors.js'
import { inSavepoint } from '../../postgres/in-savepoint.js'
import { inSnapshot } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { readArchive } from './archive-file.js'
import { restoreProblems } from './restore-test.js'

export interface VerifiedArchive {
  readonly table: string
  readonly rows: number
  readonly sha256: string
  /** None: every row can be restored, and is what it was when it was archived. */
  readonly problems: readonly string[]
}

const MOST = 20
const NAME = /^([a-z_]+)_(\d{6})_[0-9a-f]{16}\.jsonl\.gz$/

/**
 * Reads an archive to its end, makes rows of its lines, and compares them with the digests in the log and with what was written
 * down when it was archived. `client` is one connection, in no transaction; nothing is stored. `onProgress` is told how many
 * more rows were read.
 */
export async function verifyArchive(
  client: Queryable,
  place: string,
  onProgress: (rows: number) => void = () => undefined,
): Promise<VerifiedArchive> {
  const [, table = '', month = ''] = NAME.exec(basename(place)) ?? []
  if (table === '') {
    throw new ConfigurationError(
      `${place}: expected <table>_<month>_<digest>.jsonl.gz, as it was archived, found another name`,
    )
  }
  return inSnapshot(client, async () => {
    await client.query(SETTINGS)
    await assertArchived(client, table)
    const { rows: archives } = await client.query(
      `SELECT rows::float8 AS rows, encode(sha256, 'hex') AS sha256 FROM waxseal.audit_archive
      WHERE table_name = $1 AND month = to_date($2, 'YYYYMM')`,
      [table, month],
    )
    const problems: string[] = []
    const lines = readArchive(place)
    let next = await nextOf(lines, problems)
    while (next && !next.done) {
      if (problems.length < MOST) problems.push(...(await restored(client, table, next.value)))
      onProgress(next.value.length)
      next = await nextOf(lines, problems)
    }
    const { rows, sha256 } = next?.value ?? { rows: 0, sha256: '' }
    const known = archives.find((archive) => archive.sha256 === sha256)
    if (!known) problems.push('no archive with this digest was written down')
    else if (known.rows !== rows) problems.push(`expected ${known.rows} rows, found ${rows}`)
    return { table, rows, sha256, problems: problems.slice(0, MOST) }
  })
}

/** What a row looks like as JSON depends on them. */
export const SETTINGS = `SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1;
  SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'`

/** The name of a file may be anybody's: only tables that are archived are looked at. */
async function assertArchived(client: Queryable, table: string): Promise<void> {
  const { rows } = await client.query(
    `SELECT FROM pg_partitioned_table WHERE partrelid = to_regclass('waxseal.' || quote_ident($1))`,
    [table],
  )
  if (rows.length === 0)
    throw new ConfigurationError(`expected the archive of a table of the audit, found one of "${table}"`)
}

type Lines = ReturnType<typeof readArchive>

/** A file that is cut off or is no gzip is a finding, not a failure. */
async function nextOf(lines: Lines, problems: string[]): Promise<Awaited<ReturnType<Lines['next']>> | undefined> {
  try {
    return await lines.next()
  } catch (error) {
    problems.push(`it cannot be read to its end (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
    return undefined
  }
}

/** Lines that are no rows of the table are refused by the database, which says where and repeats their text: we do not. */
async function restored(client: Queryable, table: string, lines: readonly string[]): Promise<string[]> {
  try {
    return await inSavepoint(client, () => restoreProblems(client, table, lines))
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code === 'string' && code.startsWith('22'))
      return [`lines that are no rows of ${table} (SQLSTATE ${code})`]
    throw error
  }
}
