import type { Client } from 'pg'
import { censusOf, type TableCensus } from '../../../census/index.js'
import type { ProtectedTable } from '../../../postgres/protected-table.js'
import { qualifiedName } from '../../../postgres/protected-table.js'
import { type RotationReport, rotate } from '../../../rotation/index.js'
import { protectedTableOf } from '../../../typeorm/index.js'
import { Progress } from '../../progress.js'
import { poolOf } from '../database.js'
import type { DemoRun } from '../demo-run.js'
import { ShopCredential } from '../entities.js'
import { readBack } from '../read-back.js'
import { openStore, type Store } from '../store.js'
import { count, counted, duration } from '../text.js'
import type { Claim } from '../verdict.js'

export interface RotateFacts {
  readonly rewrapped: number
  /** Rows whose field columns the run itself compared, before and after. */
  readonly compared: number
  readonly failed: number
  readonly ms: number
  /** SHA-256 over all columns but the metadata, of all rows. */
  readonly contentsBefore: string
  readonly contentsAfter: string
  readonly metadataChanged: number
  /** Rows by version of the KEK. */
  readonly census: { readonly before: Versions; readonly after: Versions }
  readonly kmsCalls: Readonly<Record<string, number>>
  readonly claims: readonly Claim[]
}

/** Small, so that its progress is seen. */
const BATCH_ROWS = 50

type Versions = Readonly<Record<string, number>>

/** Gives every row a data key that is wrapped by key 2, and then reads all of them without key 1. */
export async function rotateKeys(run: DemoRun, store: Store): Promise<RotateFacts> {
  const { screen, database, keys, expected } = run
  const total = expected.size
  screen.heading(`Rotate: ${counted(total, 'data key')} from version 1 of the KEK to version 2`)
  const table = protectedTableOf(store.dataSource, ShopCredential)
  const client = await database.connect()
  try {
    const before = await fingerprint(client, table)
    const countedBefore = versionsIn(await censusOf(client, table))
    const oldMetadata = await metadataOf(client, table)
    keys.ledger.clear()
    const started = performance.now()
    const { rewrapped, compared, failed } = await rotateAll(run, table)
    const ms = performance.now() - started
    const kmsCalls = { ...keys.ledger.counts() }
    const after = await fingerprint(client, table)
    const newMetadata = await metadataOf(client, table)
    const metadataChanged = [...newMetadata].filter(([id, metadata]) => metadata !== oldMetadata.get(id)).length
    const countedAfter = versionsIn(await censusOf(client, table))

    screen.line(
      `took ${duration(ms)}; encryption_metadata changed in ${count(metadataChanged)} of ${counted(total, 'row')}, the fields of ${count(compared)} compared`,
    )
    screen.line(`census, rows by KEK     before  ${shown(countedBefore)}`)
    screen.line(`                        after   ${shown(countedAfter)}`)
    screen.line(`other columns, SHA-256  before  ${before}`)
    screen.line(`                        after   ${after}`)
    const again = await openStore(database, keys.after)
    const { equal, different } = await readBack(again, expected).finally(() => again.dataSource.destroy())
    screen.line(`${count(equal)} read back equal by an application that has key 2 only`)
    const claims = [
      { claim: 'every data key is rewrapped', held: rewrapped === total && failed === 0 && metadataChanged === total },
      { claim: 'the run has compared the fields of every row', held: compared === total },
      {
        claim: 'every row is wrapped by key 2',
        held: Object.keys(countedAfter).join().startsWith('2-') && Object.keys(countedAfter).length === 1,
      },
      { claim: 'no ciphertext moved', held: before === after },
      {
        claim: 'every credential reads back equal after the rewrap, without key 1',
        held: different === 0 && equal === total,
      },
    ]
    return {
      rewrapped,
      compared,
      failed,
      ms,
      contentsBefore: before,
      contentsAfter: after,
      metadataChanged,
      census: { before: countedBefore, after: countedAfter },
      kmsCalls,
      claims,
    }
  } finally {
    await client.end()
  }
}

async function rotateAll(
  { screen, database, keys, expected }: DemoRun,
  table: ProtectedTable,
): Promise<RotationReport> {
  const progress = new Progress(screen, expected.size)
  const pool = poolOf(database)
  try {
    const [report] = await rotate({
      ...{ cipher: keys.rotating, tables: [table], pool, batchRows: BATCH_ROWS },
      onEvent: (event) => event.type === 'batch' && progress.advance(event.rows),
    })
    progress.end()
    return report!
  } finally {
    await pool.end()
  }
}

/** Rows in the order of their keys, each as JSON, so that no column that comes later is forgotten. */
async function fingerprint(client: Client, table: ProtectedTable): Promise<string> {
  const { rows } = await client.query(
    `SELECT encode(sha256(convert_to(coalesce(string_agg((to_jsonb(t) - $1::text)::text, E'\\n' ORDER BY t.id), ''), 'UTF8')), 'hex') AS hash
      FROM ${qualifiedName(table)} t`,
    [table.metadata],
  )
  return rows[0].hash
}

async function metadataOf(client: Client, table: ProtectedTable): Promise<Map<string, string>> {
  const { rows } = await client.query(`SELECT id, encryption_metadata::text AS metadata FROM ${qualifiedName(table)}`)
  return new Map(rows.map(({ id, metadata }) => [id, metadata]))
}

function versionsIn({ keks }: TableCensus): Versions {
  return Object.fromEntries(keks.map(({ kek, rows }) => [kek.version, rows]))
}

const shown = (versions: Versions) =>
  Object.entries(versions)
    .map(([version, rows]) => `${count(rows)} × ${version}`)
    .join(', ')
