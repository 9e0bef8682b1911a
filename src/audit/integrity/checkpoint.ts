import { HASH_BYTES } from './merkle-hash.js'
import type { VerifierKey } from './note-key.js'
import { openNote } from './signed-note.js'
import type { TreeHead } from './verify-consistency.js'

/** What a checkpoint says: that the log of this origin had, at this size, this root. */
export interface LogHead extends TreeHead {
  readonly origin: string
  readonly root: Buffer
}

/** The text that is signed, as C2SP `tlog-checkpoint` says. */
export function checkpointText({ origin, size, root }: LogHead): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** What a note says, whoever signed it; `undefined` where it is no checkpoint. Lines behind the root are allowed, and say nothing. */
export function readCheckpoint(note: string): LogHead | undefined {
  const [origin = '', count = '', encoded = ''] = note.split('\n')
  const size = Number(count)
  const root = Buffer.from(encoded, 'base64')
  if (origin === '' || !/^(0|[1-9]\d*)$/.test(count) || !Number.isSafeInteger(size)) return undefined
  if (root.length !== HASH_BYTES || root.toString('base64') !== encoded) return undefined
  return { origin, size, root }
}

/** What a note says, if one of the keys signed it for the log that has the key's name. */
export function verifyCheckpoint(note: string, keys: readonly VerifierKey[]): LogHead | undefined {
  const text = openNote(note, keys)
  const head = text === undefined ? undefined : readCheckpoint(text)
  return head && keys.some(({ name }) => name === head.origin) ? head : undefined
}

/** The largest of what is believed of these notes: whoever may write behind them can repeat an old one. */
export function largestHead(notes: readonly string[], keys: readonly VerifierKey[]): LogHead | undefined {
  const heads = notes.flatMap((note) => verifyCheckpoint(note, keys) ?? [])
  return heads.sort((a, b) => a.size - b.size).at(-1)
}
