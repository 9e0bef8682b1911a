import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.js'

export function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${file}: it cannot be read (${code})`)
  })
}
