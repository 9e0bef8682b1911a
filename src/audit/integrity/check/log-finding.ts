import type { LeafKindName } from '../leaf-kinds.js'

export type LogFindingKind =
  /** The row is not the one that was appended. */
  | 'RECORD_CHANGED'
  /** The row is gone, and no purge of its month was written down. */
  | 'RECORD_MISSING'
  /** The provider's own text of an event is not the one whose digest was stored. */
  | 'RAW_CHANGED'
  /** A row that was there when its transaction was appended and has no leaf: it was written in later, with an old number. */
  | 'RECORD_WITHOUT_LEAF'
  /** Hash and content of a leaf do not belong together. */
  | 'LEAF_CHANGED'
  | 'LEAVES_MISSING'
  /** The leaves below are not, or not in this order, what was appended. */
  | 'NODE_CHANGED'
  /** A checkpoint says another root than the leaves have: since then they were rewritten, or there are two histories. */
  | 'ROOT_DIFFERS'
  /** A checkpoint says more leaves than there are. */
  | 'LOG_SHORTENED'
  /** A checkpoint that was anchored outside is not in the database, or the other way round. */
  | 'CHECKPOINT_MISSING'
  | 'ANCHOR_MISSING'
  /** A checkpoint without a valid signature of a key that is believed. */
  | 'CHECKPOINT_UNSIGNED'
  /** A table that takes changes. */
  | 'TRIGGER_MISSING'

/** Something that is not as it was written down, and where. */
export interface LogFinding {
  readonly kind: LogFindingKind
  /** For a person, with the place. No value of a row. */
  readonly message: string
  /** Of a leaf. */
  readonly position?: number
  /** The first and the last leaf that may be concerned. */
  readonly positions?: readonly [from: number, to: number]
  readonly record?: { readonly kind: LeafKindName; readonly id: string; readonly time: string }
  readonly table?: string
}
