import { type EncryptedField, parseBytes, parseText } from '../../envelope/encrypted-field.js'
import type { EnvelopeMetadata } from '../../envelope/metadata.js'
import { metadataFromJson } from '../../envelope/metadata-codec.js'
import { InvalidEnvelopeError, isWaxsealError } from '../../errors.js'

export interface StoredEnvelopeParts {
  readonly metadata?: EnvelopeMetadata
  readonly fields: readonly EncryptedField[]
}

/**
 * Finds metadata and fields in what was piped in: `{ "metadata": …, "field": … }` as `waxseal encrypt` prints it, or one of
 * each a line, as copied from a query. Bytes as Postgres prints them (`\x01…`). No error repeats the input: it may be a
 * plaintext, which is what somebody who looks for one would pipe in.
 */
export function readParts(input: string): StoredEnvelopeParts {
  const whole = json(input)
  const pieces = whole === undefined ? input.split(/\r?\n/).filter((line) => line.trim() !== '') : [whole]
  const parts = pieces.map((piece, index) => named(`line ${index + 1}`, pieces.length > 1, () => readPiece(piece)))
  const metadata = parts.flatMap((part) => part.metadata ?? [])
  if (metadata.length > 1) throw new InvalidEnvelopeError('expected the metadata of one row, found that of several')
  const fields = parts.flatMap((part) => part.fields)
  if (metadata.length === 0 && fields.length === 0) throw new InvalidEnvelopeError(EXPECTED)
  return { ...(metadata[0] && { metadata: metadata[0] }), fields }
}

const EXPECTED = 'expected encryption metadata, a field (ws1:… or \\x01…), or both, found neither'

function readPiece(piece: unknown): StoredEnvelopeParts {
  if (typeof piece !== 'object' || piece === null) return readText(String(piece).trim())
  if (!('metadata' in piece) && !('field' in piece)) return { metadata: metadataFromJson(piece), fields: [] }
  const { metadata, field } = piece as { metadata?: unknown; field?: unknown }
  return {
    ...(metadata !== undefined && { metadata: metadataFromJson(metadata) }),
    fields: typeof field === 'string' ? [readField(field)] : [],
  }
}

function readText(text: string): StoredEnvelopeParts {
  const parsed = text.startsWith('{') ? json(text) : undefined
  return parsed === undefined ? { fields: [readField(text)] } : readPiece(parsed)
}

/** A field in either form. */
export function readField(text: string): EncryptedField {
  const hex = /^\\x((?:[0-9a-f]{2})*)$/i.exec(text)?.[1]
  if (hex !== undefined) return parseBytes(Buffer.from(hex, 'hex'))
  if (!text.startsWith('ws')) throw new InvalidEnvelopeError(EXPECTED)
  return parseText(text)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function named<T>(where: string, isNeeded: boolean, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isNeeded || !isWaxsealError(error)) throw error
    throw new InvalidEnvelopeError(`${where}: ${error.message}`)
  }
}
