import { appendFile, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type JournalledRow, journalLine, parseJournal } from './journal-line.js'

export interface JournalFile {
  readonly path: string
  readonly name: string
  /** The writer whose it is. */
  readonly holder: string
  readonly changedAt: number
}

const NAME = /^[0-9a-f-]{36}\.([0-9a-f-]{36})\.journal$/

export async function journalsIn(folder: string): Promise<readonly JournalFile[]> {
  const found = (await readdir(folder)).map(async (name) => {
    const holder = NAME.exec(name)?.[1]
    const path = join(folder, name)
    // Gone meanwhile: somebody else has it.
    const changed = holder === undefined ? undefined : await stat(path).catch(() => undefined)
    return changed && holder !== undefined ? [{ path, name, holder, changedAt: changed.mtimeMs }] : []
  })
  return (await Promise.all(found)).flat()
}

/** Makes a file ours. Undefined when somebody else was faster: of two renames of one file, one succeeds. */
export async function takeOver(folder: string, file: JournalFile, holder: string): Promise<JournalFile | undefined> {
  const name = file.name.replace(`.${file.holder}.`, `.${holder}.`)
  try {
    await rename(file.path, join(folder, name))
    return { ...file, name, holder, path: join(folder, name) }
  } catch {
    return undefined
  }
}

/** What became of the lines of a file, by their number. */
export interface Drained {
  readonly stored: number
  /** None of ours, or changed. */
  readonly damaged: number
  /** Whole, and Postgres does not take them. */
  readonly refused: number
}

/**
 * Hands the rows of a file to `store`, which returns those that are refused, and removes it afterwards. What is not stored is kept
 * beside it, in files that nobody reads.
 */
export async function drainJournal(
  file: JournalFile,
  store: (rows: readonly JournalledRow[]) => Promise<readonly JournalledRow[]>,
): Promise<Drained> {
  const { rows, damaged } = parseJournal(await readFile(file.path, 'utf8'))
  const refused = await store(rows)
  await setAside(
    file,
    'damaged',
    damaged.map((line) => `${line}\n`),
  )
  await setAside(file, 'refused', refused.map(journalLine))
  await unlink(file.path)
  return { stored: rows.length - refused.length, damaged: damaged.length, refused: refused.length }
}

async function setAside({ path }: JournalFile, why: 'damaged' | 'refused', lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  await appendFile(path.replace(/journal$/, why), lines.join(''), { mode: 0o600, flush: true })
}

/** The files of a folder whose lines are in no table. */
export async function setAsideIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => /\.(damaged|refused)$/.test(name)).sort()
}
