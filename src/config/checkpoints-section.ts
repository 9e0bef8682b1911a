import { z } from 'zod'
import { expecting, strict } from './problems.js'

/** Of the log over ledger, application events and mirrored events. */
export interface CheckpointsDeclaration {
  /** The name of the log, and of its keys: `audit.example.com/payments`. Unique, and the same for ever. */
  readonly origin: string
  /** The key that signs, as `waxseal audit keygen` wrote it. Only who signs needs it. */
  readonly keyFile?: string
  /** The public key, for whoever only checks. Default: that of `keyFile`. */
  readonly verifierKey?: string
  /** Public keys that signed earlier checkpoints. Default: none. */
  readonly formerKeys?: readonly string[]
  /** Where else each checkpoint goes. Default: nowhere, and then the owner of the tables can rewrite all of it. */
  readonly anchors?: AnchorsDeclaration
}

/** Places that the owner of the tables should have no hand in. */
export interface AnchorsDeclaration {
  /** A file that is only appended to, on another machine or protected by the file system. Default: none. */
  readonly file?: string
  /** Whether a call to the KMS carries each checkpoint into the provider's audit trail. Default false. */
  readonly kms?: boolean
}

const text = z.string(expecting('text')).min(1, expecting('text that is not empty'))

export const checkpoints = strict({
  origin: text,
  keyFile: text.optional(),
  verifierKey: text.optional(),
  formerKeys: z.array(text, expecting('a list of texts')).default([]),
  anchors: strict({
    file: text.optional(),
    kms: z.boolean(expecting('true or false')).default(false),
  }).default({ kms: false }),
})
