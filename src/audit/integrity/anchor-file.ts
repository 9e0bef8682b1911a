import { open, readFile } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.js'

/** Between two notes. A note has an empty line of its own, before its signatures. */
const NOTE_END = /(?<=\n— [^\n]+\n)\n/u

/**
 * Writes a checkpoint behind those that a file has. The file should lie where the owner of the tables cannot rewrite it: on another
 * machine, or append-only by the file system.
 */
export async function anchorInFile(file: string, note: string): Promise<void> {
  const notes = await readAnchors(file)
  if (notes.includes(note)) return
  try {
    const handle = await open(file, 'a')
    try {
      // One write, so that two processes do not mix theirs.
      await handle.appendFile(`${note}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new ConfigurationError(`${file}: the checkpoint cannot be anchored (${code})`, { cause })
  }
}

/** The notes of a file, whoever signed them; none where there is no file yet. */
export async function readAnchors(file: string): Promise<readonly string[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new ConfigurationError(`${file}: the anchored checkpoints cannot be read (${code})`, { cause })
  }
  return text.split(NOTE_END).filter((note) => note.trim() !== '')
}
