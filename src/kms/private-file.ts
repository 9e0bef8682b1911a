import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { ConfigurationError } from '../errors.js'
import { isPrivate } from './file-rights.js'

const LARGEST_BYTES = 64 * 1024

/**
 * Reads the small file of secrets that an option of `owner`, such as a provider, names. Refuses one that others on the
 * machine may read, with the command that mends it. Windows has no such mode; there it is not checked.
 */
export async function readPrivateFile(owner: string, option: string, path: string): Promise<string> {
  return readPrivateFileSync(owner, option, path)
}

/** As `readPrivateFile`, where a secret is needed at once. */
export function readPrivateFileSync(owner: string, option: string, path: string): string {
  const refused = (problem: string) => new ConfigurationError(`${owner}: the file ${path} ${problem}`)
  const file = openFile(owner, option, path)
  try {
    // Of the open file, not of its path: the path may name another one by now.
    const { mode, uid, size } = fstatSync(file)
    // Windows has no such ids.
    if (process.geteuid && !isPrivate({ mode, uid }, process.geteuid())) {
      const found = (mode & 0o777).toString(8).padStart(3, '0')
      throw refused(`can be read by others (mode ${found}); run: chmod 600 ${path}`)
    }
    if (size > LARGEST_BYTES) throw refused(`has ${size} bytes; a key file has at most ${LARGEST_BYTES}`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function openFile(owner: string, option: string, path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    // Neither the path nor the runtime's error, which repeats it: what opens no file may be the key itself.
    throw new ConfigurationError(
      `${owner}: the option "${option}" names no file that can be opened (${(error as NodeJS.ErrnoException).code}); expected a path`,
    )
  }
}
