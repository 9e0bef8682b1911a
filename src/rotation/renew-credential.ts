import { isDeepStrictEqual } from 'node:util'
import { formatBytes, formatText, parseBytes, parseText } from '../envelope/encrypted-field.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { WrappedMetadata } from '../envelope/metadata.js'
import { metadataToJson } from '../envelope/metadata-codec.js'
import type { OpenEnvelope } from '../envelope/open-envelope.js'
import { DecryptionError } from '../errors.js'
import { bindingOf, type FieldColumn, type ProtectedTable } from '../postgres/protected-table.js'
import type { StoredCredential } from '../postgres/read-credentials.js'

/** A credential under a new data key, not yet stored. */
export interface Renewed {
  readonly row: StoredCredential
  /** The id of its new envelope. */
  readonly envelope: string
  /** As JSON. */
  readonly metadata: string
  /** As `StoredCredential` has them. */
  readonly fields: readonly (string | null)[]
}

/**
 * Encrypts the fields of a credential under a new data key, with a new envelope id. Each new ciphertext is opened again, with the
 * data key as the KMS unwraps it and not as it was minted, and compared: what replaces a secret has been shown to be it.
 */
export async function renewCredential(
  table: ProtectedTable,
  cipher: Pick<EnvelopeCipher, 'open' | 'mint' | 'forget'>,
  row: StoredCredential,
  metadata: WrappedMetadata,
  signal: AbortSignal,
): Promise<Renewed> {
  const binding = bindingOf(table, row.bound)
  const former = await cipher.open(metadata, binding, { signal })
  const minted = await cipher.mint(binding, { signal })
  cipher.forget(minted.metadata.id)
  const proof = await cipher.open(minted.metadata, binding, { signal })
  const fields = table.fields.map((field, index) => {
    const stored = row.fields[index] ?? null
    return stored === null ? null : renewField(field, stored, former, minted, proof)
  })
  return { row, envelope: minted.metadata.id, metadata: JSON.stringify(metadataToJson(minted.metadata)), fields }
}

function renewField(
  field: FieldColumn,
  stored: string,
  former: OpenEnvelope,
  minted: OpenEnvelope,
  proof: OpenEnvelope,
): string {
  const plaintext = former.decryptField(field, parse(field, stored))
  const renewed = format(field, minted, plaintext)
  const opened = proof.decryptField(field, parse(field, renewed))
  const isSame = isDeepStrictEqual(opened, plaintext)
  for (const value of [plaintext, opened]) if (value instanceof Uint8Array) value.fill(0)
  if (isSame) return renewed
  throw new DecryptionError('a field does not open to the same value under its new data key')
}

function parse({ type }: FieldColumn, stored: string) {
  return type === 'text' ? parseText(stored) : parseBytes(Buffer.from(stored.slice('\\x'.length), 'hex'))
}

function format(field: FieldColumn, envelope: OpenEnvelope, plaintext: unknown): string {
  const encrypted = envelope.encryptField(field, plaintext)
  return field.type === 'text' ? formatText(encrypted) : `\\x${formatBytes(encrypted).toString('hex')}`
}
