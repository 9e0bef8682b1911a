import { constants } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { ConfigurationError, isWaxsealError } from '../errors.js'

const CREATE = 'wx'
const MODE = 0o600

/** A new file that only its owner reads. Nothing that is there is written over, not even by way of a symbolic link. */
export async function writePrivately(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, CREATE, MODE).catch(cannotBeWritten(file))
  await write(handle, content).catch(cannotBeWritten(file))
}

/**
 * Replaces the text of a private file, complete or not at all. Its successor is written beside it, under a name that only one
 * process can make at a time, and before the text is read: whoever changes the file at the same time is refused, and nobody's
 * change is lost. `change` may fail; the file is as it was then.
 */
export async function changePrivately<Changed extends { readonly text: string }>(
  file: string,
  change: (text: string) => Changed | Promise<Changed>,
): Promise<Changed> {
  const next = `${file}.new`
  const handle = await open(next, CREATE, MODE).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') return cannotBeWritten(file)(error)
    throw new ConfigurationError(
      `${file}: another command is changing it (${next} exists); wait for its end, or remove ${next} if there is none`,
    )
  })
  try {
    const changed = await change(await readRegular(file))
    await write(handle, changed.text)
    await rename(next, file)
    return changed
  } catch (error) {
    await handle.close()
    await rm(next, { force: true })
    if (isWaxsealError(error)) throw error
    return cannotBeWritten(file)(error as NodeJS.ErrnoException)
  }
}

/** Not by way of a symbolic link: the link would be replaced, and the file that it names would be left without the key. */
async function readRegular(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(
    ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ELOOP') {
        throw new ConfigurationError(`${file}: it is a symbolic link; name the file that it points to`)
      }
      throw new ConfigurationError(`${file}: it cannot be read (${code}); leave --add out to make it`)
    },
  )
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

async function write(handle: FileHandle, content: string | Uint8Array): Promise<void> {
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function cannotBeWritten(file: string) {
  return (error: NodeJS.ErrnoException): never => {
    const remedy = error.code === 'EEXIST' ? '; name a new file' : ''
    throw new ConfigurationError(`${file}: it cannot be written (${error.code}); nothing was changed${remedy}`, {
      cause: error,
    })
  }
}
