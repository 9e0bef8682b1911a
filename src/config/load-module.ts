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
  if (name !== 'SyntaxError') return new ConfigurationError(`${file}: ${name}: ${firstLine(message)}`, { cause: error })
  // Node's own message repeats words of the source; ours is a place, and a name that is exported or not is none.
  const [known] = /^syntax error in .*, line \d+$|does not provide an export named '[\w$]+'/.exec(message) ?? []
  return new ConfigurationError(
    `${file}: it cannot be loaded: ${known ?? `syntax error, in it or in what it imports; "node --check ${file}" shows the place`}`,
  )
}

const firstLine = (text: string) => text.split('\n', 1)[0] ?? ''
