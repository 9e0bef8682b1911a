import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { holdsClearValues } from './clear-values.js'
import type { LogFile } from './log-file.js'

const LOOKED_AT_BYTES = 64 * 1_024

/** Whether the file of an audit device can be read, and is written as it should be. */
export async function examine(file: LogFile): Promise<PostureCheck[]> {
  try {
    const lines = await file.lastLines(LOOKED_AT_BYTES)
    return [{ id: 'file-is-readable', state: 'ok', evidence: file.path }, hashed(file.path, lines)]
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    const evidence = `${file.path} (${code})`
    const remedy = 'let the mirror read it: see providers/vault/README.md'
    return [
      { id: 'file-is-readable', state: 'failed', evidence, remedy },
      { id: 'values-are-hashed', state: 'unknown', evidence, remedy },
    ]
  }
}

function hashed(path: string, lines: readonly string[]): PostureCheck {
  const id = 'values-are-hashed'
  if (lines.length === 0) return { id, state: 'unknown', evidence: `${path} has no line yet` }
  if (!lines.some(holdsClearValues)) return { id, state: 'ok', evidence: `the last lines of ${path}` }
  return {
    ...{ id, state: 'failed', evidence: `${path} holds tokens and data keys in clear` },
    remedy: 'enable the audit device without log_raw, and destroy the file',
  }
}
