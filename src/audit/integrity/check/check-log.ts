import type { Queryable } from '../../../postgres/queryable.js'
import type { VerifierKey } from '../note-key.js'
import { readSize } from '../tree.js'
import { checkAppended, countWaiting } from './check-appended.js'
import { type AnchoredNotes, checkCheckpoints } from './check-checkpoints.js'
import { checkRecords, readPurged } from './check-records.js'
import { TreeCheck, type Witness } from './check-tree.js'
import { checkTriggers } from './check-triggers.js'
import type { LogFinding, LogFindingKind } from './log-finding.js'
import { readLeaves } from './read-leaves.js'

export interface CheckOptions {
  /** Whose signatures are believed. */
  readonly keys: readonly VerifierKey[]
  /** Checkpoints as they were kept outside. Default: none, and then nothing shows what the owner of the tables rewrote. */
  readonly anchors?: readonly AnchoredNotes[]
  /** Roots that are known from somewhere else, such as the audit trail of a provider. Default: none. */
  readonly witnesses?: readonly Witness[]
  /** Told how many leaves were looked at. */
  readonly onChecked?: (leaves: number) => void
  /** Ends it between two batches. Default: nothing does. */
  readonly signal?: AbortSignal
}

export interface LogReport {
  readonly size: number
  /** Checkpoints that a believed key signed, in the database and outside, and roots that are known otherwise. */
  readonly witnesses: number
  /** Of the largest tree that a witness speaks of: leaves behind it can be rewritten unseen. */
  readonly signedSize: number
  /** Rows that have no leaf yet. */
  readonly waiting: number
  /** How many there are of each kind. */
  readonly counts: Readonly<Partial<Record<LogFindingKind, number>>>
  /** The first 1,000. */
  readonly findings: readonly LogFinding[]
}

const LISTED = 1_000

/** Compares every record with its leaf, the leaves with the tree, the tree with every checkpoint. Reads, and changes nothing. */
export async function checkLog(client: Queryable, options: CheckOptions): Promise<LogReport> {
  const { keys, anchors = [], witnesses: known = [], onChecked, signal } = options
  const findings: LogFinding[] = []
  const counts: Partial<Record<LogFindingKind, number>> = {}
  const add = (found: readonly LogFinding[]) => {
    for (const { kind } of found) counts[kind] = (counts[kind] ?? 0) + 1
    findings.push(...found.slice(0, LISTED - findings.length))
  }
  add(await checkTriggers(client))
  const checkpoints = await checkCheckpoints(client, anchors, keys)
  add(checkpoints.findings)
  const witnesses = [...checkpoints.witnesses, ...known]
  const size = await readSize(client)
  add(shortened(size, witnesses))
  const purged = await readPurged(client)
  const tree = new TreeCheck(witnesses)
  let expected = 0
  if (size === 0) add(await tree.check(client, []))
  for await (const leaves of readLeaves(client, size)) {
    signal?.throwIfAborted()
    for (const { position } of leaves) {
      if (position !== expected) add([gap(expected, position - 1)])
      expected = position + 1
    }
    add(await checkRecords(client, leaves, purged))
    add(await tree.check(client, leaves))
    onChecked?.(leaves.length)
  }
  add(await checkAppended(client))
  const signedSize = witnesses.reduce((largest, witness) => Math.max(largest, witness.size), 0)
  return { size, witnesses: witnesses.length, signedSize, waiting: await countWaiting(client), counts, findings }
}

function shortened(size: number, witnesses: readonly Witness[]): LogFinding[] {
  return witnesses
    .filter((witness) => witness.size > size)
    .map((witness) => ({
      kind: 'LOG_SHORTENED',
      message: `the log has ${size} leaves, and the checkpoint in ${witness.place} speaks of ${witness.size}: leaves ${size} to ${witness.size - 1} are gone`,
      positions: [size, witness.size - 1],
    }))
}

function gap(from: number, to: number): LogFinding {
  return {
    kind: 'LEAVES_MISSING',
    message: `leaves ${from} to ${to} are gone; roots behind them cannot be made anew`,
    positions: [from, to],
  }
}
