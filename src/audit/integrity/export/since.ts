import { ConfigurationError } from '../../../errors.js'
import { type LogHead, readCheckpoint } from '../checkpoint.js'
import { verifyConsistency } from '../verify-consistency.js'
import { parseManifest } from './manifest.js'

/** That the log of an export begins with the records of an earlier checkpoint. */
export interface SinceProof {
  /** Of the earlier checkpoint. */
  readonly size: number
  /** Nodes in base64, as RFC 9162 §2.1.4 orders them. */
  readonly proof: readonly string[]
}

/** A checkpoint that somebody kept: its note, or the manifest of an export. Whoever kept it believes it as it is. */
export function keptCheckpoint(text: string): LogHead {
  const head = readCheckpoint(parseManifest(text)?.checkpoint ?? text)
  if (head) return head
  throw new ConfigurationError(
    'since: expected a checkpoint or the manifest of an export that has one, found another text',
  )
}

/** Why the log of `head` is not known to go on from what somebody kept; `undefined` where it does. */
export function sinceProblem(kept: LogHead, head: LogHead, since: SinceProof | null): string | undefined {
  const before = `the checkpoint of ${kept.size} records that was kept`
  if (kept.origin !== head.origin) return `it is of another log than ${before}, which is of ${kept.origin}`
  if (kept.size > head.size) return `its log is shorter than ${before}`
  if (since?.size !== kept.size) return `it has no proof for ${before}: ask for an export with --since`
  const path = since.proof.map((node) => Buffer.from(node, 'base64'))
  return verifyConsistency(kept, head, path) ? undefined : `its log does not begin with that of ${before}`
}
