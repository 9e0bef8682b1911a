import { LogInconsistentError } from '../../errors.js'
import { inTransaction } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { lockLog } from './append-leaves.js'
import { checkpointText, type LogHead, verifyCheckpoint } from './checkpoint.js'
import type { CheckpointSigner } from './checkpoint-signer.js'
import type { VerifierKey } from './note-key.js'
import { noteOf } from './signed-note.js'
import { readStoredCheckpoint } from './stored-checkpoint.js'
import { proveConsistency, readRange, readSize } from './tree.js'
import { verifyConsistency } from './verify-consistency.js'

export interface SignOptions {
  /** What was anchored outside the database. The log has to extend each of them too. Default: none. */
  readonly anchored?: readonly LogHead[]
  /** Of earlier checkpoints, where another key signed them. Default: none. */
  readonly formerKeys?: readonly VerifierKey[]
}

export interface SignedCheckpoint extends LogHead {
  readonly note: string
  /** False: the log is as it was at the last one. */
  readonly isNew: boolean
}

/**
 * Signs what the log is now, and stores it. Rejects with `LogInconsistentError` where that does not extend the last checkpoint, or
 * one that was anchored: two histories are never signed. `client` is one connection, in no transaction.
 */
export async function signCheckpoint(
  client: Queryable,
  signer: CheckpointSigner,
  { anchored = [], formerKeys = [] }: SignOptions = {},
): Promise<SignedCheckpoint> {
  return inTransaction(client, async () => {
    await lockLog(client)
    const size = await readSize(client)
    const head = { origin: signer.key.name, size, root: (await readRange(client, size)).root() }
    const last = await readLastCheckpoint(client, [signer.key, ...formerKeys])
    for (const before of [...(last ? [last] : []), ...anchored]) await assertExtends(client, head, before)
    if (last?.size === size) return { ...last, isNew: false }
    const text = checkpointText(head)
    const note = noteOf(text, signer.key, await signer.sign(Buffer.from(text)))
    await client.query('INSERT INTO waxseal.log_checkpoint (size, root, note) VALUES ($1, $2, $3)', [
      ...[size, head.root, note],
    ])
    return { ...head, note, isNew: true }
  })
}

/** Believed for its signature: the row can be changed by the owner of the table. */
async function readLastCheckpoint(
  client: Queryable,
  keys: readonly VerifierKey[],
): Promise<(LogHead & { readonly note: string }) | undefined> {
  const stored = await readStoredCheckpoint(client)
  if (!stored) return undefined
  const head = verifyCheckpoint(stored.note, keys)
  if (head?.size === stored.size) return { ...head, note: stored.note }
  throw new LogInconsistentError(
    `expected the checkpoint of ${stored.size} leaves to be signed by the key ${keys[0]!.text} or a former one, found another text or signature; nothing is signed over it`,
  )
}

async function assertExtends(client: Queryable, head: LogHead, before: LogHead): Promise<void> {
  if (before.size > head.size) {
    throw new LogInconsistentError(
      `expected a log of at least ${before.size} leaves, as was signed, found ${head.size}; no shorter one is signed`,
    )
  }
  const path = await proveConsistency(client, before.size, head.size)
  if (verifyConsistency(before, head, path)) return
  throw new LogInconsistentError(
    `expected a log that begins with the ${before.size} leaves that were signed, found another one; it is not signed. "waxseal audit check" finds where they differ`,
  )
}
