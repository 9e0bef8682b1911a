import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { ConfigurationError, isWaxsealError } from '../errors.js'
import { importModule } from './import-module.js'
import { installTypeScriptLoader, moduleFormatOf } from './typescript-loader.js'

/** What a module of the user's exports. A CommonJS module's exports are as an `import` of TypeScript would see them. */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(file)) throw new ConfigurationError(`${file}: no such file`)
  const isTypeScript = /\.[cm]?ts$/.test(file)
  if (isTypeScript) installTypeScriptLoader(file)
  try {
    if (isTypeScript && moduleFormatOf(file) === 'commonjs') {
      // Could be imported too: then each file below it would be asked for in the thread of the hooks, TypeORM's as well.
      return createRequire(file)(file) as Readonly<Record<string, unknown>>
    }
    const module = await importModule(pathToFileURL(file).href)
    const inner = module.default as { readonly __esModule?: true } | undefined
    return inner?.__esModule ? (inner as Readonly<Record<string, unknown>>) : module
  } catch (error) {
    throw loadError(file, error)
  }
}

/** Our own errors as they are, others without what may repeat the source: it may hold a key. */
function loadError(file: string, error: unknown): unknown {
  if (isWaxsealError(error)) return error
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  const saying = WITHOUT_THE_SOURCE[name]
  if (!saying) return new ConfigurationError(`${file}: ${name}: ${firstLine(message)}`, { cause: error })
  const [known] = KNOWN_WORDS.exec(message) ?? []
  return new ConfigurationError(`${file}: it cannot be loaded: ${known ?? saying(file)}`)
}

/** In place of messages that repeat words of the source, such as a secret without its quotation marks. */
const WITHOUT_THE_SOURCE: Readonly<Record<string, (file: string) => string>> = {
  SyntaxError: (file) => `syntax error, in it or in what it imports; "node --check ${file}" shows the place`,
  ReferenceError: () => 'it, or what it imports, uses a name that is not defined; put text into quotation marks',
}

/** Our own message, which is a place, a name that is exported or not, and the words of CommonJS. */
const KNOWN_WORDS =
  /^syntax error in .*, line \d+$|does not provide an export named '[\w$]+'|^(?:require|module|exports|__dirname|__filename) is not defined/

const firstLine = (text: string) => text.split('\n', 1)[0] ?? ''
