import type { Queryable } from '../../../postgres/queryable.js'
import { verifyCheckpoint } from '../checkpoint.js'
import type { VerifierKey } from '../note-key.js'
import type { Witness } from './check-tree.js'
import type { LogFinding } from './log-finding.js'

/** Checkpoints that were kept somewhere, as that place has them. */
export interface AnchoredNotes {
  /** As in `log_anchor`. */
  readonly place: string
  readonly notes: readonly string[]
}

export interface CheckpointCheck {
  readonly witnesses: readonly Witness[]
  readonly findings: readonly LogFinding[]
}

const DATABASE = 'the database'

/**
 * What was signed, here and outside: only what a believed key signed is a witness. Without keys the text of a checkpoint is taken as
 * it is, which shows mistakes and no attacks.
 */
export async function checkCheckpoints(
  client: Queryable,
  anchors: readonly AnchoredNotes[],
  keys: readonly VerifierKey[],
): Promise<CheckpointCheck> {
  const { rows } = await client.query('SELECT size, root, note FROM waxseal.log_checkpoint ORDER BY size')
  const findings: LogFinding[] = []
  const witnesses: Witness[] = []
  const witness = (note: string, place: string) => {
    const head = verifyCheckpoint(note, keys)
    if (head) witnesses.push({ size: head.size, root: head.root, place })
    else findings.push(unsigned(place, note))
    return head
  }
  const stored = new Set<number>()
  for (const { size, root, note } of rows as { size: string; root: Buffer; note: string }[]) {
    stored.add(Number(size))
    const head = witness(note, DATABASE)
    if (head && (head.size !== Number(size) || !head.root.equals(root))) findings.push(unsigned(DATABASE, note))
  }
  for (const { place, notes } of anchors) {
    const kept = new Set(notes.map((note) => witness(note, place)?.size))
    for (const size of kept) {
      if (size !== undefined && !stored.has(size)) findings.push(missing('CHECKPOINT_MISSING', size, DATABASE, place))
    }
    for (const size of await anchoredSizes(client, place)) {
      if (!kept.has(size)) findings.push(missing('ANCHOR_MISSING', size, place, DATABASE))
    }
  }
  return { witnesses, findings }
}

/** What was to be in a place, as the database says. */
async function anchoredSizes(client: Queryable, place: string): Promise<readonly number[]> {
  const { rows } = await client.query('SELECT DISTINCT size FROM waxseal.log_anchor WHERE place = $1', [place])
  return rows.map(({ size }) => Number(size))
}

function unsigned(place: string, note: string): LogFinding {
  const size = note.split('\n', 2)[1] ?? ''
  const of = /^\d{1,16}$/.test(size) ? `the checkpoint of ${size} leaves` : 'a text that is no checkpoint'
  return {
    kind: 'CHECKPOINT_UNSIGNED',
    message: `${place} has ${of} without a valid signature of a key that is believed`,
  }
}

function missing(kind: LogFinding['kind'], size: number, from: string, where: string): LogFinding {
  return { kind, message: `the checkpoint of ${size} leaves is in ${where} and not in ${from}` }
}
