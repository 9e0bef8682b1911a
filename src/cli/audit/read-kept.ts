import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.js'

/** The file of `--since`, as an option of an export or of its verification. */
export async function readKept(file: string | undefined): Promise<{ readonly since?: string }> {
  if (file === undefined) return {}
  const since = await readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`--since: ${file} cannot be read (${code})`)
  })
  return { since }
}
