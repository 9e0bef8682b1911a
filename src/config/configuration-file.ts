import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigurationError } from '../errors.js'
import { loadModule } from './load-module.js'

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json']

/** The one `waxseal.config.*` of a folder. Two of them are an error: an edit of the other would have no effect. */
export function findConfigurationFile(folder: string): string | undefined {
  const found = EXTENSIONS.map((extension) => `waxseal.config.${extension}`).filter((name) =>
    existsSync(join(folder, name)),
  )
  if (found.length > 1) {
    throw new ConfigurationError(
      `${folder}: expected one configuration file, found ${found.join(' and ')}; remove one, or name one with --config`,
    )
  }
  return found[0] && join(folder, found[0])
}

/** What the file exports by default, not validated. A function is called, a promise awaited. */
export async function readConfigurationFile(path: string): Promise<unknown> {
  const file = resolve(path)
  if (file.endsWith('.json')) return readJson(file)
  const { default: exported } = await loadModule(file)
  if (exported === undefined) {
    throw new ConfigurationError(`${file}: expected a default export, the configuration, found none`)
  }
  return typeof exported === 'function' ? exported() : exported
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${file}: it cannot be read (${cause.code})`)
  })
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message repeats the text, and the text may hold a key.
    throw new ConfigurationError(`${file}: expected JSON, found something else; check it with a JSON linter`)
  }
}
