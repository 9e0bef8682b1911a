import type { KmsOperation } from '../kms/call-ledger.js'
import { type KekRef, sameKek } from '../kms/provider.js'
import { countSets } from '../postgres/count-sets.js'
import { listKekSets } from '../postgres/kek-sets.js'
import { qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type UpdateTrigger, updateTriggers } from '../postgres/update-triggers.js'
import { readSample, type Staleness, staleSets } from './stale-sets.js'

/** Calls of the methods of a provider, by its name and the method. */
export type PlannedOperations = Readonly<Record<string, Readonly<Partial<Record<KmsOperation, number>>>>>

export interface PlannedSet {
  /** What its rows are wrapped under; empty where that cannot be read. */
  readonly keks: readonly KekRef[]
  readonly current: readonly KekRef[]
  readonly rows: number
}

/** What a rotation of one table would do. */
export interface RotationPlan {
  readonly entity: string
  readonly table: string
  /** Sets that hold stale rows, or may hold some. */
  readonly sets: readonly PlannedSet[]
  readonly rows: number
  readonly operations: PlannedOperations
  /** Triggers of the user's own that would fire for each row. */
  readonly triggers: readonly UpdateTrigger[]
}

/** Counts what is stale and changes nothing. `client` is one connection, in no transaction. */
export async function planRotation(client: Queryable, staleness: Staleness): Promise<RotationPlan> {
  const { table, cipher } = staleness
  const stale = await staleSets(await listKekSets(client, table), staleness)
  const counts = await countSets(
    client,
    table,
    stale.map(({ hash }) => hash),
  )
  const sets: PlannedSet[] = []
  const operations: Record<string, Partial<Record<KmsOperation, number>>> = {}
  for (const { hash, sample } of stale) {
    const read = readSample(table, sample)
    const rows = counts.get(hash) ?? 0
    if (typeof read === 'string') {
      sets.push({ keks: [], current: [], rows })
      continue
    }
    const current = await cipher.currentKeks(read.binding)
    const keks = read.metadata.wraps.map(({ kek }) => kek)
    sets.push({ keks, current, rows })
    for (const [provider, operation] of operationsOf(keks, current)) {
      const former = operations[provider] ?? {}
      operations[provider] = { ...former, [operation]: (former[operation] ?? 0) + rows }
    }
  }
  return {
    entity: table.entity,
    table: qualifiedName(table),
    sets,
    rows: sets.reduce((sum, { rows }) => sum + rows, 0),
    operations,
    triggers: await updateTriggers(client, table),
  }
}

/** What a row of the set takes: a rewrap where the provider has wrapped it before, else the data key and a wrap; and a proof. */
function operationsOf(keks: readonly KekRef[], current: readonly KekRef[]): [provider: string, KmsOperation][] {
  const isKept = (kek: KekRef) => kek.version !== '' && keks.some((other) => sameKek(kek, other))
  const made = current.filter((kek) => !isKept(kek))
  const isRewrapped = ({ provider }: KekRef) => keks.some((kek) => kek.provider === provider)
  const opened = made.some((kek) => !isRewrapped(kek)) ? keks.slice(0, 1) : []
  return [
    ...opened.map(({ provider }): [string, KmsOperation] => [provider, 'unwrap']),
    ...made.map((kek): [string, KmsOperation] => [kek.provider, isRewrapped(kek) ? 'rewrap' : 'wrap']),
    ...(made.length > 0 ? made : current.slice(0, 1)).map(({ provider }): [string, KmsOperation] => [
      provider,
      'unwrap',
    ]),
  ]
}
