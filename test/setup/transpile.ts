import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { transformSync } from '@swc/core'

export interface Transpiled {
  /** The entry's module. */
  file: string
  remove(): void
}

/**
 * Writes a source and what it imports by relative paths as ES modules that plain Node can load: for jest's global set-up,
 * which does not map `./x.js` to `./x.ts`, and for child processes. The types go unchecked. Below `node_modules`, so that
 * packages are found, and outside of what jest and Biome read. `packages` gives imports of packages another name.
 */
export function transpile(root: string, entry: string, packages: Readonly<Record<string, string>> = {}): Transpiled {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'waxseal-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n')
  const pending = [entry]
  const done = new Set<string>()
  for (let source = pending.pop(); source !== undefined; source = pending.pop()) {
    if (done.has(source)) continue
    done.add(source)
    const { code: compiled } = transformSync(readFileSync(join(root, source), 'utf8'), {
      filename: source,
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
      module: { type: 'es6' },
    })
    const code = compiled.replaceAll(/(\bfrom ["'])([^"'/.]+)/g, (_, from, name) => `${from}${packages[name] ?? name}`)
    const target = join(folder, toJs(source))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, code)
    for (const [, specifier] of code.matchAll(/\b(?:from\s*|import\s*\(?\s*)["'](\.{1,2}\/[^"']+)\.js["']/g)) {
      pending.push(join(dirname(source), `${specifier}.ts`))
    }
  }
  return { file: join(folder, toJs(entry)), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const toJs = (path: string) => path.replace(/\.ts$/, '.js')
