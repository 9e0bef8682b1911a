import type { KekRef } from '../kms/provider.js'
import { serverTime, transactionsOpenNow } from '../lifecycle/open-transactions.js'
import { type ProcessState, readFleet } from '../lifecycle/read-fleet.js'
import { sessionsOfNoProcess } from '../lifecycle/strangers.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { failed, passed, type RetirementCheck, unchecked } from './check.js'
import { objectionOf } from './objection.js'
import { type Patience, waitFor } from './wait-for.js'

export interface FenceOptions extends Patience {
  /** At least so many processes have to be seen at work: one that is in no fleet is not seen. */
  readonly processes: number
  /** Sessions of these `application_name`s are known not to write the tables. */
  readonly ignored: readonly string[]
}

export interface Fence {
  readonly checks: readonly [processes: RetirementCheck, transactions: RetirementCheck]
  /** To be asked once what it protects was done: who speaks against it by then. */
  readonly again: () => Promise<RetirementCheck>
}

/**
 * Waits until nobody will store a wrap under this version of a KEK any more:
 *
 * 1. Every process at work has stored a heartbeat since the fence began that does not name it. By the invariant of
 *    `PublishedKeks`, whatever such a process wrapped under it was sent to the database before that heartbeat.
 * 2. Then every transaction that had begun by then has ended, so that what was sent is stored for whoever counts, or is not.
 *
 * Not covered: a process in no fleet that shares role and address with one of it, and one that begins to use the KEK again later, since the KMS says that it is current.
 */
export async function fenceWriters(
  client: Queryable,
  tables: readonly ProtectedTable[],
  kek: KekRef,
  options: FenceOptions,
): Promise<Fence> {
  const since = await serverTime(client)
  let processes: ProcessState[] = []
  const objections = async () => {
    processes = await readFleet(client, since)
    const strangers = await sessionsOfNoProcess(client, options.ignored, tables)
    return [...objectionsTo(processes, kek, options.processes), ...strangers]
  }
  const judge = (writers: readonly string[]) =>
    writers.length > 0 ? failed('processes', ...writers) : passed('processes', ...processes.map(describeProcess))
  const again = async () => judge(await objections())
  const writers = await waitFor(objections, options)
  if (writers.length > 0) {
    return { checks: [judge(writers), unchecked('transactions', 'not looked at while a process may write')], again }
  }
  const at = await serverTime(client)
  const open = await waitFor(await transactionsOpenNow(client), options)
  const transactions =
    open.length > 0 ? failed('transactions', ...open) : passed('transactions', `none is open that was at ${at}`)
  return { checks: [judge(writers), transactions], again }
}

function objectionsTo(processes: readonly ProcessState[], kek: KekRef, expected: number): string[] {
  const live = processes.filter(({ isLive }) => isLive).length
  const missing = live < expected ? [`expected at least ${expected} at work, found ${live}`] : []
  const objections = processes.flatMap((process) => {
    const objection = objectionOf(process, kek)
    return objection === undefined ? [] : [`${nameOf(process)} ${objection}`]
  })
  return [...missing, ...objections]
}

function describeProcess(process: ProcessState): string {
  if (process.isLive) return `${nameOf(process)} is at work and does not wrap under it`
  const certainty = process.required ? '' : ', and is taken for dead (fleet: require would make that certain)'
  return `${nameOf(process)} has no heartbeat and no connection${certainty}`
}

const nameOf = ({ id, label }: ProcessState) => `process ${id}${label === null ? '' : ` ("${label}")`}`
