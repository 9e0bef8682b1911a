import type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TrailBatch,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'
import { AuditTrailGapError, ConfigurationError } from '../../../src/errors.js'
import { textOptions } from '../../../src/kms/text-options.js'
import { withoutSecrets } from './clear-values.js'
import { examine } from './examine-file.js'
import { type FileLine, type FilePosition, LogFile } from './log-file.js'

const OPTIONS = ['files', 'scope'] as const
const INTERVAL_MS = 5_000
/** Each window that is covered is a row: not one for each pass. */
const COVERED_EVERY_MS = 30_000

interface Cursor {
  readonly files: Readonly<Record<string, FilePosition>>
  /** Up to when everything was read. */
  readonly readTo?: string
  /** Something since then is lost. */
  readonly isIncomplete?: boolean
}

/** A reader of the files that audit devices write: `files`, separated by commas, and `scope`, the name of the server. */
export function auditFile(section: Readonly<Record<string, unknown>>): TrailReader {
  const { files = '', scope = 'vault' } = textOptions('vault', section, OPTIONS)
  const paths = files.split(',').flatMap((each) => each.trim() || [])
  if (paths.length === 0) {
    throw new ConfigurationError(
      'provider "vault": the reader "audit-file" needs "files", such as /var/log/openbao/audit.log',
    )
  }
  return new AuditFileReader(
    paths.map((path) => new LogFile(path)),
    scope,
  )
}

/**
 * A request stands in one file at least, not in each: devices fail one by one. So all files are one trail, and it is covered
 * as far as all of them were read.
 */
class AuditFileReader implements TrailReader {
  readonly provider = 'vault'
  readonly name = 'audit-file'
  readonly intervalMs = INTERVAL_MS
  readonly scope: string
  readonly #files: readonly LogFile[]

  constructor(files: readonly LogFile[], scope: string) {
    this.#files = files
    this.scope = scope
  }

  async probe(): Promise<readonly PostureCheck[]> {
    return (await Promise.all(this.#files.map(examine))).flat()
  }

  /** How old the first line of a file is, nobody knows before it is read. */
  goesBackTo(_now: Date, cursor: CursorValue): Date | undefined {
    const { readTo } = cursorIn(cursor)
    return readTo === undefined ? undefined : new Date(readTo)
  }

  async *read(now: Date, state: ReaderState, signal: AbortSignal): AsyncIterable<TrailBatch> {
    const known = cursorIn(state.cursor)
    const files: Record<string, FilePosition> = { ...known.files }
    const readTo = known.readTo === undefined ? {} : { readTo: known.readTo }
    let isIncomplete = known.isIncomplete ?? false
    const problems: string[] = []
    let first: string | undefined
    let isReadable = true
    for (const file of this.#files) {
      try {
        for await (const part of file.read(files[file.path], signal)) {
          if ('gap' in part) {
            isIncomplete = true
            problems.push(part.gap)
            continue
          }
          files[file.path] = part.position
          first = earlier(first, part.lines[0]?.line)
          const written = part.lines.filter(({ line }) => line.trim() !== '')
          yield { records: written.map(recordOf(part.name)), cursor: cursorOf({ files, ...readTo, isIncomplete }) }
        }
      } catch (error) {
        signal.throwIfAborted()
        isReadable = false
        problems.push(`${file.path} cannot be read (${codeOf(error)})`)
      }
    }
    // What could not be read now may still be there: it is covered by the pass that reads it.
    const from = new Date(known.readTo ?? first ?? now)
    const isDue = known.readTo === undefined || isIncomplete || now.getTime() - from.getTime() >= COVERED_EVERY_MS
    if (isReadable && isDue) {
      const covered = { from, to: now, complete: !isIncomplete }
      yield { records: [], cursor: cursorOf({ files, readTo: now.toISOString() }), covered }
    }
    if (problems.length > 0) throw new AuditTrailGapError(`provider "vault": ${problems.join('; ')}`)
  }

  async close(): Promise<void> {
    // Files are open while they are read, no longer.
  }
}

/** When the trail begins, which says how far back it can be looked at. */
function earlier(first: string | undefined, line: string | undefined): string | undefined {
  const time = /"time":"([^"]+)"/.exec(line ?? '')?.[1] ?? ''
  const found = Number.isNaN(Date.parse(time)) ? undefined : new Date(time).toISOString()
  if (first === undefined || found === undefined) return first ?? found
  return found < first ? found : first
}

const recordOf =
  (name: string) =>
  ({ line, offset }: FileLine) => ({ raw: withoutSecrets(line), reference: `${name}:${offset}` })

const codeOf = (error: unknown) => String((error as NodeJS.ErrnoException).code ?? 'unknown')

const cursorIn = (stored: CursorValue) => (stored ?? { files: {} }) as unknown as Cursor

const cursorOf = (cursor: Cursor) => cursor as unknown as CursorValue
