import type { Client } from 'pg'
import type { ProtectedTable } from '../../../postgres/protected-table.js'
import { qualifiedName } from '../../../postgres/protected-table.js'
import { readEnvelopes } from '../../../postgres/read-envelopes.js'
import { rewrapRows } from '../../../postgres/rewrap-rows.js'
import { protectedTableOf } from '../../../typeorm/index.js'
import { Progress } from '../../progress.js'
import type { DemoRun } from '../demo-run.js'
import { ShopCredential } from '../entities.js'
import { readBack } from '../read-back.js'
import { openStore, type Store } from '../store.js'
import { count, counted, duration } from '../text.js'
import type { Claim } from '../verdict.js'

export interface RewrapFacts {
  readonly rewrapped: number
  /** Lost, shredded, empty or failed. */
  readonly others: number
  readonly ms: number
  /** SHA-256 over all columns but the metadata, of all rows. */
  readonly contentsBefore: string
  readonly contentsAfter: string
  readonly metadataChanged: number
  readonly versions: Readonly<Record<string, number>>
  readonly kmsCalls: Readonly<Record<string, number>>
  readonly claims: readonly Claim[]
}

/** Gives every row a data key that is wrapped by key 2, and then reads all of them without key 1. */
export async function rewrap(run: DemoRun, store: Store): Promise<RewrapFacts> {
  const { screen, database, keys, expected } = run
  const total = expected.size
  screen.heading(`Rewrap ${counted(total, 'data key')}: from version 1 of the KEK to version 2`)
  const table = protectedTableOf(store.dataSource, ShopCredential)
  const client = await database.connect()
  try {
    const before = await fingerprint(client, table)
    const oldMetadata = await metadataOf(client, table)
    keys.ledger.clear()
    const started = performance.now()
    const { rewrapped, others } = await rewrapAll(run, client, table)
    const ms = performance.now() - started
    const kmsCalls = { ...keys.ledger.counts() }
    const after = await fingerprint(client, table)
    const newMetadata = await metadataOf(client, table)
    const metadataChanged = [...newMetadata].filter(([id, metadata]) => metadata !== oldMetadata.get(id)).length
    const versions = await versionsOf(client, table)

    screen.line(
      `took ${duration(ms)}; encryption_metadata changed in ${count(metadataChanged)} of ${counted(total, 'row')}`,
    )
    screen.line(`other columns, SHA-256  before  ${before}`)
    screen.line(`                        after   ${after}`)
    const again = await openStore(database, keys.after)
    const { equal, different } = await readBack(again, expected).finally(() => again.dataSource.destroy())
    screen.line(`${count(equal)} read back equal by an application that has key 2 only`)
    const claims = [
      { claim: 'every data key is rewrapped', held: rewrapped === total && others === 0 && metadataChanged === total },
      {
        claim: 'every row is wrapped by key 2',
        held: Object.keys(versions).join().startsWith('2-') && Object.keys(versions).length === 1,
      },
      { claim: 'no ciphertext moved', held: before === after },
      {
        claim: 'every credential reads back equal after the rewrap, without key 1',
        held: different === 0 && equal === total,
      },
    ]
    return {
      rewrapped,
      others,
      ms,
      contentsBefore: before,
      contentsAfter: after,
      metadataChanged,
      versions,
      kmsCalls,
      claims,
    }
  } finally {
    await client.end()
  }
}

async function rewrapAll({ screen, keys, expected }: DemoRun, client: Client, table: ProtectedTable) {
  const progress = new Progress(screen, expected.size)
  let [rewrapped, others] = [0, 0]
  for await (const rows of readEnvelopes(client, table, { batchSize: 50 })) {
    const { failures, ...counts } = await rewrapRows(client, table, rows, keys.rotating)
    rewrapped += counts.rewrapped
    others += failures.length + counts.current + counts.lost + counts.shredded + counts.empty
    progress.advance(rows.length)
  }
  progress.end()
  return { rewrapped, others }
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

async function versionsOf(client: Client, table: ProtectedTable): Promise<Record<string, number>> {
  const { rows } = await client.query(
    `SELECT wrap #>> '{kek,version}' AS version, count(*)::int AS rows
      FROM ${qualifiedName(table)}, jsonb_array_elements(encryption_metadata -> 'wraps') AS wrap GROUP BY 1 ORDER BY 1`,
  )
  return Object.fromEntries(rows.map((row) => [row.version, row.rows]))
}
