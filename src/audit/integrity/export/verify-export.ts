import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigurationError } from '../../../errors.js'
import type { ExportManifest } from '../../export/export-audit.js'
import type { ExportedFile } from '../../export/hashed-file.js'
import { linesOf } from '../../lines.js'
import { type LogHead, verifyCheckpoint } from '../checkpoint.js'
import { leafKindNames } from '../leaf-kinds.js'
import { parseVerifierKey, type VerifierKey } from '../note-key.js'
import { MANIFEST, parseManifest, RECORDS } from './manifest.js'
import { keptCheckpoint, sinceProblem } from './since.js'
import { verifyLine } from './verify-line.js'

export interface VerifyExportOptions {
  /** Whose signature is believed. Default: the one in the export, which proves only that it fits together. */
  readonly key?: VerifierKey
  /**
   * A checkpoint that whoever verifies has kept, as a note or the manifest of an export: the log has to begin with it. Default:
   * none, and then a log that was begun anew is as good.
   */
  readonly since?: string
  /** Told how many records were looked at. */
  readonly onVerified?: (records: number) => void
}

export interface ExportProblem {
  readonly file: string
  readonly line?: number
  readonly message: string
}

export interface ExportVerdict {
  /** Nothing is wrong with it, and everything in it is proven. */
  readonly ok: boolean
  readonly records: number
  readonly proven: number
  readonly checkpoint: Pick<LogHead, 'origin' | 'size'> | undefined
  /** That signed, as text; whether it came with the export or from whoever verifies. */
  readonly key: string | undefined
  readonly isOwnKey: boolean
  readonly query: Readonly<Record<string, unknown>>
  /** The first 1,000. */
  readonly problems: readonly ExportProblem[]
}

const LISTED = 1_000

/** Needs the folder of the export, and no database, no configuration and no network. */
export async function verifyExport(folder: string, options: VerifyExportOptions = {}): Promise<ExportVerdict> {
  const kept = options.since === undefined ? undefined : keptCheckpoint(options.since)
  const manifest = await readManifest(folder)
  const problems: ExportProblem[] = []
  let count = 0
  const add = (problem: ExportProblem) => {
    count++
    if (problems.length < LISTED) problems.push(problem)
  }
  for (const problem of await verifyFiles(folder, manifest.files)) add(problem)
  const key = options.key ?? (manifest.verifierKey === null ? undefined : parseVerifierKey(manifest.verifierKey))
  const head = key && manifest.checkpoint !== null ? verifyCheckpoint(manifest.checkpoint, [key]) : undefined
  if (!head) add({ file: MANIFEST, message: unsigned(manifest, key) })
  const another = kept && head && sinceProblem(kept, head, manifest.since)
  if (another !== undefined) add({ file: MANIFEST, message: another })
  const lines = await verifyRecords(folder, head, options.onVerified, add)
  for (const kind of leafKindNames) {
    const [said, found] = [manifest.counts[kind] ?? 0, lines.counts.get(kind) ?? 0]
    if (said === found) continue
    add({ file: MANIFEST, message: `it says ${said} records of the kind "${kind}", and ${RECORDS} has ${found}` })
  }
  return {
    ok: count === 0,
    ...{ records: lines.records, proven: lines.proven, checkpoint: head && { origin: head.origin, size: head.size } },
    ...{ key: key?.text, isOwnKey: options.key === undefined, query: manifest.query, problems },
  }
}

async function readManifest(folder: string): Promise<ExportManifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${folder}: expected the folder of an audit export, found no ${MANIFEST} (${code})`)
  })
  const manifest = parseManifest(text)
  if (manifest) return manifest
  throw new ConfigurationError(
    `${join(folder, MANIFEST)}: expected the manifest of an audit export, version 1, found another text`,
  )
}

async function verifyFiles(folder: string, files: readonly ExportedFile[]): Promise<ExportProblem[]> {
  const problems: ExportProblem[] = []
  for (const { name, bytes, sha256 } of files) {
    const hash = createHash('sha256')
    let size = 0
    try {
      for await (const chunk of createReadStream(join(folder, name)) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        size += chunk.length
      }
    } catch (error) {
      problems.push({ file: name, message: `it cannot be read (${(error as NodeJS.ErrnoException).code})` })
      continue
    }
    if (size !== bytes || hash.digest('hex') !== sha256) {
      problems.push({ file: name, message: 'it is not the file that the manifest describes' })
    }
  }
  const named = new Set([MANIFEST, ...files.map(({ name }) => name)])
  for (const name of await readdir(folder)) {
    if (!named.has(name)) problems.push({ file: name, message: 'the manifest does not name it' })
  }
  if (!named.has(RECORDS)) problems.push({ file: MANIFEST, message: `it does not name ${RECORDS}` })
  return problems
}

async function verifyRecords(
  folder: string,
  head: LogHead | undefined,
  onVerified: ((records: number) => void) | undefined,
  add: (problem: ExportProblem) => void,
) {
  const counts = new Map<string, number>()
  const positions = new Set<number>()
  let [records, proven] = [0, 0]
  try {
    for await (const text of linesOf(createReadStream(join(folder, RECORDS)))) {
      records++
      const { kind, position, problem } = verifyLine(text, head ?? NOTHING)
      if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1)
      const twin =
        position !== undefined && positions.has(position) ? 'its position is that of a line before' : undefined
      if (position !== undefined) positions.add(position)
      // Without a checkpoint no line can be proven, which was said once.
      if (head && (problem ?? twin)) add({ file: RECORDS, line: records, message: (problem ?? twin)! })
      if (position !== undefined && !twin) proven++
      onVerified?.(1)
    }
  } catch (error) {
    add({ file: RECORDS, message: `it cannot be read (${(error as NodeJS.ErrnoException).code})` })
  }
  return { counts, records, proven }
}

/** A tree in which nothing is. */
const NOTHING = { size: 0, root: Buffer.alloc(0) }

function unsigned({ checkpoint }: ExportManifest, key: VerifierKey | undefined): string {
  if (checkpoint === null) return 'it has no checkpoint: nothing in this export is proven'
  return key
    ? `its checkpoint has no valid signature of ${key.text}: nothing in this export is proven`
    : 'it has no verifier key: name one to verify its checkpoint with'
}
