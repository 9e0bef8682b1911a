import type { ExportManifest } from '../../export/export-audit.js'
import { isLeafKind } from '../leaf-kinds.js'

export const EXPORT_FORMAT = 'waxseal-audit-export'
export const EXPORT_VERSION = 1
export const MANIFEST = 'manifest.json'
export const RECORDS = 'records.jsonl'

/** `undefined` for what is no manifest of this version. What it says of files and counts is a claim. */
export function parseManifest(text: string): ExportManifest | undefined {
  let value: Partial<ExportManifest> | null
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (value?.format !== EXPORT_FORMAT || value.version !== EXPORT_VERSION) return undefined
  const { counts, files, checkpoint, verifierKey, since } = value
  const isComplete =
    isObject(counts) &&
    Object.keys(counts).every(isLeafKind) &&
    Array.isArray(files) &&
    files.every(isFile) &&
    [checkpoint, verifierKey].every((text) => text === null || typeof text === 'string') &&
    (since === null || isSince(since))
  return isComplete ? (value as ExportManifest) : undefined
}

function isSince(since: unknown): boolean {
  if (!isObject(since)) return false
  const { size, proof } = since
  return Number.isSafeInteger(size) && Array.isArray(proof) && proof.every((node) => typeof node === 'string')
}

/** A name without a path: nothing outside of the folder is read. */
function isFile(file: unknown): boolean {
  if (!isObject(file)) return false
  const { name, bytes, sha256 } = file
  return (
    typeof name === 'string' &&
    /^[\w-][\w.-]*$/.test(name) &&
    Number.isSafeInteger(bytes) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
