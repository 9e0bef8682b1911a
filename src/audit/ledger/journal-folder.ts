import { appendFile, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type JournalledRow, parseJournal } from './journal-line.js'

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

/**
 * Hands the rows of a file to `store` and removes it afterwards. Damaged lines are kept beside it, in a file that nobody
 * reads: they are returned by their number.
 */
export async function drainJournal(
  file: JournalFile,
  store: (rows: readonly JournalledRow[]) => Promise<void>,
): Promise<{ readonly rows: readonly JournalledRow[]; readonly damaged: number }> {
  const { rows, damaged } = parseJournal(await readFile(file.path, 'utf8'))
  await store(rows)
  if (damaged.length > 0) {
    await appendFile(file.path.replace(/\.journal$/, '.damaged'), `${damaged.join('\n')}\n`, {
      mode: 0o600,
      flush: true,
    })
  }
  await unlink(file.path)
  return { rows, damaged: damaged.length }
}
