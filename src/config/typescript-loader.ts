import * as fs from 'node:fs'
import { createRequire, Module, register } from 'node:module'
import * as path from 'node:path'
import { ConfigurationError } from '../errors.js'
import { typescriptHooks } from './typescript-hooks.js'

/** The part of `@swc/core` that is used. */
interface Swc {
  transformSync(source: string, options: object): { readonly code: string }
}

interface CommonJsModule {
  _compile(source: string, file: string): void
}

type Resolve = (request: string, ...rest: unknown[]) => string

interface ModuleInternals {
  readonly _extensions: Record<string, (module: CommonJsModule, file: string) => void>
  _resolveFilename: Resolve
}

let isInstalled = false

/**
 * Lets this process load TypeScript: configuration files with entities, which need decorators, their metadata and
 * `name!: string` compiled the way TypeORM wants them. Node's own type stripping does none of it. Types go unchecked.
 *
 * For `import` there are module hooks, for `require` an entry in Node's table of extensions, as other loaders have it:
 * TypeORM requires the entities that a pattern finds. `file` is what is to be loaded; `@swc/core` is looked for there.
 */
export function installTypeScriptLoader(file: string): void {
  if (isInstalled) return
  const entry = findSwc(file)
  const swc = createRequire(entry)(entry) as Swc
  const hooks = typescriptHooks(compileTypeScript.toString(), formatOf.toString())
  register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: { swc: entry } })
  const internals = Module as unknown as ModuleInternals
  for (const extension of ['.ts', '.cts']) {
    internals._extensions[extension] = (module, name) => {
      module._compile(compileTypeScript(swc, fs.readFileSync(name, 'utf8'), name, 'commonjs'), name)
    }
  }
  const resolve = internals._resolveFilename
  internals._resolveFilename = (request, ...rest) => {
    try {
      return resolve(request, ...rest)
    } catch (error) {
      // TypeScript names the file that will be: "./credential.js" for credential.ts.
      if (!/^\.{1,2}\/.*\.c?js$/.test(request)) throw error
      return resolve(request.replace(/js$/, 'ts'), ...rest)
    }
  }
  isInstalled = true
}

function findSwc(file: string): string {
  // Beside the file, in the project, beside this program.
  for (const start of [file, path.join(process.cwd(), 'package.json'), process.argv[1] ?? file]) {
    try {
      return createRequire(start).resolve('@swc/core')
    } catch {
      // Tried from the next place.
    }
  }
  throw new ConfigurationError(
    `${file}: a configuration in TypeScript needs the package @swc/core; install it with "npm i -D @swc/core", or name a compiled file`,
  )
}

/** What Node takes a TypeScript file for. */
export function moduleFormatOf(file: string): 'module' | 'commonjs' {
  return formatOf(file, fs, path)
}

/** Also sent, as text, to the thread of the hooks: it may use nothing but its arguments and itself. */
function formatOf(
  file: string,
  { readFileSync }: Pick<typeof fs, 'readFileSync'>,
  { dirname, extname, join }: Pick<typeof path, 'dirname' | 'extname' | 'join'>,
): 'module' | 'commonjs' {
  if (extname(file) !== '.ts') return extname(file) === '.mts' ? 'module' : 'commonjs'
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    try {
      return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type === 'module' ? 'module' : 'commonjs'
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      if (folder === dirname(folder)) return 'commonjs'
    }
  }
}

/** Also sent, as text, to the thread of the hooks: it may use nothing but its arguments. */
function compileTypeScript(swc: Swc, source: string, file: string, format: string): string {
  try {
    return swc.transformSync(source, {
      filename: file,
      swcrc: false,
      configFile: false,
      sourceMaps: 'inline',
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        keepClassNames: true,
      },
      module: { type: format === 'module' ? 'es6' : 'commonjs', exportInteropAnnotation: true },
    }).code
  } catch (error) {
    // The compiler's message shows the line, and the line may hold a key.
    const line = /,-\[.*?:(\d+):\d+\]/.exec(String(error))?.[1] ?? '?'
    throw new SyntaxError(`syntax error in ${file}, line ${line}`)
  }
}
