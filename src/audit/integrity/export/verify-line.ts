import { createHash } from 'node:crypto'
import { type CanonicalRecord, leafContentOf, leafOf } from '../canonical-record.js'
import { isLeafKind, type LeafKindName } from '../leaf-kinds.js'
import type { TreeHead } from '../verify-consistency.js'
import { verifyInclusion } from '../verify-inclusion.js'

export type LineVerdict =
  | { readonly kind: LeafKindName; readonly position: number; readonly problem?: undefined }
  | { readonly kind?: LeafKindName; readonly position?: undefined; readonly problem: string }

/** Whether a line of `records.jsonl` stood in the log as it is. Pure, and throws for no text. */
export function verifyLine(text: string, head: TreeHead): LineVerdict {
  const line = parse(text)
  if (!line) return { problem: 'it is no object with kind, record, leaf and proof' }
  const { kind, record, leaf, proof, raw } = line
  const content = leafContentOf(kind, record)
  if (!content) return { kind, problem: `its record has not the members of a record of the kind "${kind}"` }
  if (raw !== undefined && (kind !== 'event' || sha256(raw) !== record.raw_sha256)) {
    return { kind, problem: 'its raw text is not the one whose SHA-256 the record holds' }
  }
  if (leaf === null) return { kind, problem: 'it has no proof: the log did not hold it when the checkpoint was signed' }
  const path = proof.map((hash) => Buffer.from(hash, 'base64'))
  const { position } = leaf
  if (verifyInclusion(leafOf(content), { position, size: head.size, path }, head.root)) return { kind, position }
  return { kind, problem: `it is not what stood at position ${position} of the log` }
}

interface Line {
  readonly kind: LeafKindName
  readonly record: CanonicalRecord
  readonly leaf: { readonly position: number } | null
  readonly proof: readonly string[]
  readonly raw?: string
}

function parse(text: string): Line | undefined {
  let value: Partial<Record<keyof Line, unknown>> | null
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { kind, record, leaf, proof, raw } = value ?? {}
  const isLine =
    isLeafKind(kind) &&
    typeof record === 'object' &&
    record !== null &&
    (leaf === null || typeof (leaf as { position?: unknown } | undefined)?.position === 'number') &&
    Array.isArray(proof) &&
    proof.every((hash) => typeof hash === 'string') &&
    (raw === undefined || typeof raw === 'string')
  return isLine ? (value as Line) : undefined
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
