import { InvalidEnvelopeError } from '../errors.js'
import type { KekRef } from '../kms/provider.js'
import { isBase64url } from './base64url.js'
import { COMMITMENT_BYTES, ENVELOPE_ID_BYTES, FORMAT, MAX_WRAPPED_KEY_BYTES, MAX_WRAPS } from './format.js'
import { EMPTY_METADATA, type EnvelopeMetadata, type StoredWrap, type WrappedMetadata } from './metadata.js'

type Json = Readonly<Record<string, unknown>>

/** What is stored: one of three shapes with exactly these members. */
export function metadataToJson(metadata: EnvelopeMetadata): Json {
  if (metadata.state === 'empty') return {}
  const { id, commitment } = metadata
  if (metadata.state === 'shredded') return { format: FORMAT, id, commitment, shredded: metadata.receipt }
  return { format: FORMAT, id, commitment, wrap: metadata.wrap, wraps: metadata.wraps }
}

/**
 * Reads what `encryption_metadata` holds. Strict, since whoever can write the table chooses it: a missing, additional or
 * misspelt member is an `InvalidEnvelopeError` that names the member and not its value.
 */
export function metadataFromJson(stored: unknown): EnvelopeMetadata {
  const json = object(stored, 'it')
  const members = Object.keys(json)
  if (members.length === 0) return EMPTY_METADATA
  if (json['format'] !== FORMAT) throw invalid(`"format" must be ${FORMAT}`)
  const id = base64url(json['id'], ENVELOPE_ID_BYTES, 'id')
  const commitment = base64url(json['commitment'], COMMITMENT_BYTES, 'commitment')
  if ('shredded' in json) {
    exactly(json, ['format', 'id', 'commitment', 'shredded'], 'it')
    return { state: 'shredded', id, commitment, receipt: matching(json['shredded'], RECEIPT, 'shredded') }
  }
  exactly(json, ['format', 'id', 'commitment', 'wrap', 'wraps'], 'it')
  const { wrap, wraps } = json
  if (!Number.isSafeInteger(wrap) || (wrap as number) < 1) throw invalid('"wrap" must be a whole number from 1')
  if (!Array.isArray(wraps) || wraps.length < 1 || wraps.length > MAX_WRAPS) {
    throw invalid(`"wraps" must be a list of 1 to ${MAX_WRAPS}`)
  }
  return { state: 'wrapped', id, commitment, wrap: wrap as number, wraps: wraps.map(storedWrap) }
}

/** New metadata, or `InvalidEnvelopeError` where it could not be read back: then the row would be lost. */
export function readable(metadata: WrappedMetadata): WrappedMetadata {
  metadataFromJson(metadataToJson(metadata))
  return metadata
}

// Printable ASCII without spaces: these are sent to SDKs and shown on terminals. Each provider checks its own syntax too.
// With the bounds on wraps they keep metadata within MAX_METADATA_BYTES.
export const PROVIDER_NAME = /^[a-z][a-z0-9-]{0,31}$/
const KEK_ID = /^[!-~]{1,2048}$/
const KEK_VERSION = /^[!-~]{0,256}$/
const RECEIPT = /^[!-~]{1,128}$/
const WRAPPED_AT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

function storedWrap(stored: unknown): StoredWrap {
  const json = object(stored, '"wraps[]"')
  exactly(json, ['kek', 'dataKey', 'wrappedAt'], '"wraps[]"')
  const dataKey = json['dataKey']
  if (typeof dataKey !== 'string' || !isBase64url(dataKey, 1, MAX_WRAPPED_KEY_BYTES)) {
    throw invalid(`"wraps[].dataKey" must be canonical base64url of 1 to ${MAX_WRAPPED_KEY_BYTES} bytes`)
  }
  const wrappedAt = matching(json['wrappedAt'], WRAPPED_AT, 'wraps[].wrappedAt')
  // What the pattern lets through is a day that its month does not have: it is none, or one of the next month.
  if (new Date(wrappedAt).getUTCDate() !== Number(wrappedAt.slice(8, 10))) {
    throw invalid('"wraps[].wrappedAt" is no instant')
  }
  return { kek: kekRef(json['kek']), dataKey, wrappedAt }
}

function kekRef(stored: unknown): KekRef {
  const json = object(stored, '"wraps[].kek"')
  exactly(json, ['provider', 'id', 'version'], '"wraps[].kek"')
  return {
    provider: matching(json['provider'], PROVIDER_NAME, 'wraps[].kek.provider'),
    id: matching(json['id'], KEK_ID, 'wraps[].kek.id'),
    version: matching(json['version'], KEK_VERSION, 'wraps[].kek.version'),
  }
}

/** An instant as `wrappedAt` spells it. */
export function wrappedAtOf(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19)}Z`
}

function object(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${where} must be an object`)
  return value as Json
}

function exactly(json: Json, members: readonly string[], where: string): void {
  const found = Object.keys(json)
  if (found.length !== members.length || !found.every((member) => members.includes(member))) {
    throw invalid(`${where} must have exactly the members ${members.join(', ')}`)
  }
}

function base64url(value: unknown, bytes: number, member: string): string {
  if (typeof value === 'string' && isBase64url(value, bytes)) return value
  throw invalid(`"${member}" must be canonical base64url of ${bytes} bytes`)
}

function matching(value: unknown, pattern: RegExp, member: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalid(`"${member}" must match ${pattern.source}`)
}

function invalid(detail: string): InvalidEnvelopeError {
  return new InvalidEnvelopeError(`not encryption metadata of format ${FORMAT}: ${detail}`)
}
