import type { EncryptedField } from '../../envelope/encrypted-field.js'
import { FORMAT, IV_BYTES, TAG_BYTES } from '../../envelope/format.js'
import type { EnvelopeMetadata } from '../../envelope/metadata.js'
import type { KekRef } from '../../kms/provider.js'
import type { StoredEnvelopeParts } from './read-input.js'

export interface WrapExplanation {
  readonly kek: KekRef
  readonly wrappedAt: string
  readonly wrappedKeyBytes: number
}

export interface MetadataExplanation {
  readonly state: EnvelopeMetadata['state']
  readonly format?: number
  readonly id?: string
  readonly commitment?: string
  readonly wrap?: number
  readonly wraps?: readonly WrapExplanation[]
  readonly receipt?: string
}

export interface FieldExplanation {
  readonly format: number
  readonly commitment: string
  /** The exact length of the plaintext: encryption does not hide it. */
  readonly plaintextBytes: number
  readonly storedBytes: number
  /** Whether it stands under the data key of the metadata. Absent without metadata. */
  readonly belongs?: boolean
}

export interface Explanation {
  readonly metadata?: MetadataExplanation
  readonly fields: readonly FieldExplanation[]
  /** False when a field does not belong to the metadata. */
  readonly ok: boolean
}

/** Everything that can be said of stored bytes without a key. */
export function explain({ metadata, fields }: StoredEnvelopeParts): Explanation {
  const explained = fields.map((field) => explainField(field, metadata))
  return {
    ...(metadata && { metadata: explainMetadata(metadata) }),
    fields: explained,
    ok: explained.every(({ belongs }) => belongs !== false),
  }
}

function explainMetadata(metadata: EnvelopeMetadata): MetadataExplanation {
  if (metadata.state === 'empty') return { state: 'empty' }
  const { state, id, commitment } = metadata
  if (metadata.state === 'shredded') return { state, format: FORMAT, id, commitment, receipt: metadata.receipt }
  const wraps = metadata.wraps.map(({ kek, wrappedAt, dataKey }) => {
    return { kek, wrappedAt, wrappedKeyBytes: Buffer.byteLength(dataKey, 'base64url') }
  })
  return { state, format: FORMAT, id, commitment, wrap: metadata.wrap, wraps }
}

function explainField({ commitment, bytes }: EncryptedField, metadata: EnvelopeMetadata | undefined): FieldExplanation {
  return {
    format: FORMAT,
    commitment,
    plaintextBytes: bytes.length - IV_BYTES - TAG_BYTES,
    storedBytes: bytes.length,
    ...(metadata && { belongs: metadata.state !== 'empty' && metadata.commitment === commitment }),
  }
}
