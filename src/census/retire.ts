import { ConfigurationError } from '../errors.js'
import { type KekRef, sameKek } from '../kms/provider.js'
import { assertSchema } from '../lifecycle/schema.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { failed, passed, type RetirementCheck, unchecked } from './check.js'
import { censusCheck, usesOf } from './kek-use.js'
import { checkRuns } from './open-runs.js'
import { checkReplicas } from './replicas.js'
import { checkBackups, recordRetirement } from './retirement-record.js'
import { type FenceOptions, fenceWriters } from './writer-fence.js'

export interface RetireOptions {
  /** The KEKs that new data keys are wrapped under, as the KMS says now; an error where it did not say. */
  readonly current: readonly KekRef[] | Error
  /** At least so many processes have to be seen at work. Default 1: with none, nobody was asked. */
  readonly processes?: number
  /** Sessions of these `application_name`s are known not to write the tables. */
  readonly ignored?: readonly string[]
  /** How long to wait for processes and transactions. Milliseconds, default 120,000. */
  readonly waitMs?: number
  /** How long backups and archived WAL are kept, such as `35d`, or `none`. */
  readonly backupsKept?: string
  /** Looks at the audit trail, such as `usesInTrail()` of `waxseal/audit`. Default: nobody does, and that is no pass. */
  readonly checkTrail?: (client: Queryable) => Promise<RetirementCheck>
  /** Who decides: for the record. Without it nothing is written down. */
  readonly by?: string
  /** Is told what is waited for, whenever that changes. */
  readonly onWait?: (found: readonly string[]) => void
  /** Ends the waiting: the promise rejects with its reason. */
  readonly signal?: AbortSignal
}

export interface Retirement {
  /** Nothing speaks against disabling it. What was not checked does not, and stands in `checks`. */
  readonly ready: boolean
  readonly checks: readonly RetirementCheck[]
}

/** Whether one version of a KEK may be disabled. Changes nothing but the record. Opens no transaction that stays. */
export async function retire(
  client: Queryable,
  tables: readonly ProtectedTable[],
  kek: KekRef,
  options: RetireOptions,
): Promise<Retirement> {
  await assertSchema(client)
  await assertPrimary(client)
  const {
    by,
    processes = 1,
    ignored = [],
    waitMs = 120_000,
    signal = new AbortController().signal,
    onWait = () => undefined,
    checkTrail = async () => unchecked('trail', NO_TRAIL),
  } = options
  const patience = { deadline: Date.now() + waitMs, signal, onWait }
  const first = await usesOf(client, tables, kek)
  const counted = [checkCurrent(options.current, kek), censusCheck('census', first, tables.length)]
  const { rows, checks: fenced } =
    first.rows > 0
      ? { rows: first.rows, checks: NOT_FENCED }
      : await fenceAndCount(client, tables, kek, { processes, ignored, ...patience })
  const checks = [
    ...counted,
    ...fenced,
    await checkRuns(client),
    await checkReplicas(client, tables, rows > 0 ? { ...patience, deadline: 0 } : patience),
    rows > 0 ? unchecked('backups', WHILE_NEEDED) : await checkBackups(client, kek, options.backupsKept),
    await checkTrail(client),
  ]
  const ready = checks.every(({ status, name }) => status === 'passed' || (status === 'unchecked' && name === 'trail'))
  if (by !== undefined) await recordRetirement(client, kek, { rows, ready, checks, by })
  return { ready, checks }
}

const NO_TRAIL = 'not checked: nobody said for how long the mirrored trail must show none (--unused-for 30d)'
const WHILE_NEEDED = 'not looked at while rows need it'
const NOT_FENCED = (['processes', 'transactions', 'census again'] as const).map((name) => unchecked(name, WHILE_NEEDED))

async function fenceAndCount(
  client: Queryable,
  tables: readonly ProtectedTable[],
  kek: KekRef,
  options: FenceOptions,
): Promise<{ readonly rows: number; readonly checks: readonly RetirementCheck[] }> {
  const { checks, again } = await fenceWriters(client, tables, kek, options)
  const [processes, transactions] = checks
  // Also behind a fence that failed: what was stored meanwhile is to be seen.
  const second = await usesOf(client, tables, kek)
  // A process that began while the rows were counted.
  const late = processes.status === 'passed' ? await again() : processes
  return { rows: second.rows, checks: [late, transactions, censusCheck('census again', second, tables.length)] }
}

function checkCurrent(current: readonly KekRef[] | Error, kek: KekRef): RetirementCheck {
  if (current instanceof Error) return failed('current', `which KEKs are current is not known: ${current.message}`)
  if (current.some((each) => sameKek(each, kek))) return failed('current', 'the KMS wraps under it: rotate first')
  if (current.some(({ version }) => version === ''))
    return failed('current', 'the KMS does not say which version is current')
  return passed('current', 'the KMS wraps under another')
}

async function assertPrimary(client: Queryable): Promise<void> {
  const { rows } = await client.query('SELECT pg_catalog.pg_is_in_recovery() AS replica')
  if (rows[0]?.replica) throw new ConfigurationError('retire: expected the server that is written to, found a replica')
}
