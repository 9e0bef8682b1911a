import { open, rename, rm } from 'node:fs/promises'
import { ConfigurationError } from '../errors.js'

/** A file that only its owner reads, complete or not at all: with `replace` written beside the file and then given its name. */
export async function writePrivately(file: string, text: string, replace: boolean): Promise<void> {
  const target = replace ? `${file}.${process.pid}.new` : file
  try {
    const handle = await open(target, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (replace) await rename(target, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (replace) await rm(target, { force: true })
    throw new ConfigurationError(`${file}: it cannot be written (${code}); nothing was changed`, { cause: error })
  }
}
