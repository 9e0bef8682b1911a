import { z } from 'zod'
import { type SigningProviderName, signingKeys } from '../../providers/index.js'
import { expecting, member, strict } from './problems.js'

/** Of the log over ledger, application events and mirrored events. */
export interface CheckpointsDeclaration {
  /** The name of the log, and of its keys: `audit.example.com/payments`. Unique, and the same for ever. */
  readonly origin: string
  /** The key that signs, as `waxseal audit keygen` wrote it. Only who signs needs it. */
  readonly keyFile?: string
  /** The key of a KMS that signs, in place of `keyFile`. It never leaves the KMS; `verifierKey` has to be there too. */
  readonly signer?: SignerDeclaration
  /** The public key, by which everything is verified that the `signer` signs. Default: that of `keyFile`. */
  readonly verifierKey?: string
  /** Public keys that signed earlier checkpoints. Default: none. */
  readonly formerKeys?: readonly string[]
  /** Where else each checkpoint goes. Default: nowhere, and then the owner of the tables can rewrite all of it. */
  readonly anchors?: AnchorsDeclaration
}

/** The further members are options of the provider for such a key; `providers/<name>/README.md` lists them. */
export interface SignerDeclaration {
  /** Whose KMS signs. */
  readonly provider: SigningProviderName
  readonly [option: string]: unknown
}

/** Places that the owner of the tables should have no hand in. */
export interface AnchorsDeclaration {
  /** A file that is only appended to, on another machine or protected by the file system. Default: none. */
  readonly file?: string
  /** Whether a call to the KMS carries each checkpoint into the provider's audit trail. Default false. */
  readonly kms?: boolean
}

const text = z.string(expecting('text')).min(1, expecting('text that is not empty'))

/** The options of a key are checked by the provider, when it is connected. */
const signer = z.looseObject(
  { provider: member(Object.keys(signingKeys) as [SigningProviderName, ...SigningProviderName[]]) },
  expecting('{ provider, … } with the options of its key'),
)

export const checkpoints = strict({
  origin: text,
  keyFile: text.optional(),
  signer: signer.optional(),
  verifierKey: text.optional(),
  formerKeys: z.array(text, expecting('a list of texts')).default([]),
  anchors: strict({
    file: text.optional(),
    kms: z.boolean(expecting('true or false')).default(false),
  }).default({ kms: false }),
}).refine(
  ({ keyFile, signer }) => keyFile === undefined || signer === undefined,
  expecting('"keyFile" or "signer", not both'),
)
