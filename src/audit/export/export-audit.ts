import { mkdir, readdir } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.js'
import { VERSION } from '../../lifecycle/version.js'
import { inSnapshot } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { keptCheckpoint, type SinceProof } from '../integrity/export/since.js'
import { readStoredCheckpoint } from '../integrity/stored-checkpoint.js'
import { proveConsistency } from '../integrity/tree.js'
import { find, findStatement } from '../review/find.js'
import { type AuditQuery, type CheckedQuery, checkedQuery } from '../review/query.js'
import { recordReview } from '../review/record-review.js'
import { type ExportFormat, isExportFormat, writersOf } from './formats.js'
import { type ExportedFile, HashedFile } from './hashed-file.js'
import type { NamesOfTrails } from './ocsf-line.js'
import { readLines } from './read-lines.js'

export interface ExportOptions {
  /** A folder that is not there yet, or is empty. */
  readonly folder: string
  /** What is written beside `records.jsonl`, which every export has: it is what `verify` reads. Default: `jsonl`, nothing more. */
  readonly format?: ExportFormat
  /** How trails are called in OCSF, by their provider. Default: as the provider is. */
  readonly trails?: NamesOfTrails
  /** The public key of the checkpoints, for the manifest. */
  readonly verifierKey?: string
  /**
   * A checkpoint that its reader has, as a note or the manifest of an export: proven to be where the log of this export begins.
   * Default: none.
   */
  readonly since?: string
  /** Told how many records were written since it was told last. */
  readonly onProgress?: (records: number) => void
  /** Told of how many records the last checkpoint does not cover: nothing proves them. */
  readonly onUnproven?: (records: number) => void
  /** Ends it, and takes away what was written. Default: nothing does. */
  readonly signal?: AbortSignal
}

export interface ExportManifest {
  readonly format: 'waxseal-audit-export'
  readonly version: 1
  readonly madeBy: string
  readonly madeAt: string
  readonly query: Readonly<Record<string, unknown>>
  readonly counts: Readonly<Record<string, number>>
  readonly files: readonly ExportedFile[]
  readonly checkpoint: string | null
  readonly verifierKey: string | null
  readonly since: SinceProof | null
}

const PAGE = 500

/**
 * Writes what a search finds, as of one moment, with the proof of each record. Memory stays flat. That it is made is written
 * down before, and what it held after. `client` is one connection, in no transaction.
 */
export async function exportAudit(
  client: Queryable,
  query: AuditQuery,
  settings: ExportOptions,
): Promise<ExportManifest> {
  const { folder, format = 'jsonl', trails = {}, verifierKey = null, since, onProgress, onUnproven, signal } = settings
  if (!isExportFormat(format)) throw new ConfigurationError(`format: expected jsonl, csv or ocsf, found "${format}"`)
  const kept = since === undefined ? undefined : keptCheckpoint(since)
  const checked = checkedQuery(query)
  const { from, to, kinds, filters } = checked
  const asked = { from: from.toISOString(), to: to.toISOString(), kinds, ...Object.fromEntries(filters) }
  await makeEmpty(folder)
  await recordReview(client, 'export', { query: asked, format })
  const files = writersOf(format, trails).map(({ name, write }) => ({ write, file: new HashedFile(folder, name) }))
  const manifestFile = new HashedFile(folder, 'manifest.json')
  const counts: Record<string, number> = {}
  let unproven = 0
  try {
    // What stands above the first record, where there is none too.
    for (const { file, write } of files) await file.append(write([]))
    const proven = await inSnapshot(client, async () => {
      const stored = await readStoredCheckpoint(client)
      for await (const found of pagesOf(client, checked)) {
        signal?.throwIfAborted()
        const lines = await readLines(client, found, stored?.size ?? 0)
        for (const { kind } of lines) counts[kind] = (counts[kind] ?? 0) + 1
        for (const { file, write } of files) await file.append(write(lines))
        unproven += lines.filter(({ leaf }) => leaf === null).length
        onProgress?.(found.length)
      }
      return {
        checkpoint: stored?.note ?? null,
        since: kept ? await proofSince(client, kept.size, stored?.size ?? 0) : null,
      }
    })
    const written = await Promise.all(files.map(({ file }) => file.close()))
    const manifest: ExportManifest = {
      ...{ format: 'waxseal-audit-export', version: 1, madeBy: `waxseal ${VERSION}`, madeAt: new Date().toISOString() },
      ...{ query: asked, counts, files: written, ...proven, verifierKey },
    }
    await manifestFile.append(`${JSON.stringify(manifest, null, 2)}\n`)
    await manifestFile.close()
    await recordReview(client, 'exported', { counts, files: written })
    if (unproven > 0) onUnproven?.(unproven)
    return manifest
  } catch (error) {
    // The folder is as it was, so that the same command can be run again.
    await Promise.all([...files.map(({ file }) => file), manifestFile].map((file) => file.remove()))
    throw error
  }
}

async function proofSince(client: Queryable, before: number, size: number): Promise<SinceProof> {
  if (before > size) {
    throw new ConfigurationError(
      `since: expected a checkpoint of at most ${size} records, which are signed, found one of ${before}`,
    )
  }
  const path = await proveConsistency(client, before, size)
  return { size: before, proof: path.map((node) => node.toString('base64')) }
}

async function makeEmpty(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if ((await readdir(folder)).length === 0) return
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new ConfigurationError(`${folder}: expected a folder that can be made, found ${code}`, { cause })
  }
  throw new ConfigurationError(`${folder}: expected a folder that is empty or not there yet, found files in it`)
}

async function* pagesOf(client: Queryable, query: CheckedQuery) {
  for (let found = await find(client, findStatement(query, PAGE)); found.length > 0; ) {
    yield found
    if (found.length < PAGE) return
    found = await find(client, findStatement(query, PAGE, found.at(-1)))
  }
}
