import { createHash } from 'node:crypto'

export interface PackFile {
  readonly name: string
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

export interface PackManifest {
  readonly format: 'waxseal-evidence-pack'
  readonly version: 1
  /** With the version of the software. */
  readonly madeBy: string
  readonly madeAt: string
  readonly askedBy: string
  readonly environment: string | null
  readonly period: { readonly from: string; readonly to: string }
  /** Every file of the pack but the manifest and its signature. */
  readonly files: readonly PackFile[]
}

export const MANIFEST = 'manifest.json'
export const NOTE = 'manifest.note'

/** What is signed: a name of its own, so that no checkpoint is taken for it. */
export function signedText(manifest: Uint8Array): string {
  return `waxseal evidence pack 1\n${sha256(manifest)}\n`
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
