import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file as a rule sees it, so that a test can plant a violation in one that exists nowhere. */
export interface SourceFile {
  /** Relative to the package root, with `/`. */
  readonly path: string
  readonly text: string
}

export const packageRoot = fileURLToPath(new URL('../../', import.meta.url))

/** What git ignores, and git itself. */
const NOT_OURS = /(^|\/)(node_modules|dist|coverage|\.git|\.tmp)$|\.(tgz|log)$/

/** Every file below the given files and folders of the package; what is absent has none. */
export function filesBelow(...paths: readonly string[]): string[] {
  return paths.flatMap((path) => walk(path)).sort()
}

export function readFiles(paths: readonly string[]): SourceFile[] {
  return paths.map((path) => ({ path, text: readFileSync(join(packageRoot, path), 'utf8') }))
}

/** The TypeScript that users run. */
export function sources(): SourceFile[] {
  return readFiles(filesBelow('src', 'providers', 'migrations').filter((path) => path.endsWith('.ts')))
}

/** What users read. */
export function pages(): SourceFile[] {
  return readFiles(filesBelow('README.md', 'docs', 'providers').filter((path) => path.endsWith('.md')))
}

function walk(path: string): string[] {
  try {
    return readdirSync(join(packageRoot, path), { withFileTypes: true })
      .map((entry) => ({ entry, path: posix.join(path, entry.name) }))
      .filter(({ path }) => !NOT_OURS.test(path))
      .flatMap(({ entry, path }) => (entry.isDirectory() ? walk(path) : [path]))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return [path]
    if (code === 'ENOENT') return []
    throw error
  }
}
