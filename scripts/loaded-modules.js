// What a process loads: scripts that import a package and print the name of every package that came with it.
const HOOK = `
  import { writeSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context)
    writeSync(1, 'module ' + resolved.url + '\\n')
    return resolved
  }`
const moduleOf = (text) => `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`

/** The option that makes Node print the URL of every module that is imported. */
export const LISTED = `--import=${moduleOf(`import { register } from 'node:module'; register('${moduleOf(HOOK)}')`)}`

/** Arguments of a Node that imports, or requires, and prints the names that it got. */
export const loaders = {
  ESM: (specifier) => [
    LISTED,
    '--input-type=module',
    `--eval=console.log('names', JSON.stringify(Object.keys(await import('${specifier}'))))`,
  ],
  CommonJS: (specifier) => [
    '--input-type=commonjs',
    `--eval=console.log('names', JSON.stringify(Object.keys(require('${specifier}'))));
     for (const file of Object.keys(require.cache)) console.log('module', file)`,
  ],
}

/**
 * Of what such a Node printed: the exported names, the files and the packages that were loaded. A module counts as its
 * package.
 */
export function readLoaded(printed) {
  const lines = printed.split('\n')
  const after = (word) => lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length))
  const modules = after('module ')
  const packages = modules.map(
    (module) => /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/.][^\\/]*)[\\/]/.exec(module)?.[1],
  )
  return {
    names: JSON.parse(after('names ')[0] ?? '[]')
      .filter((name) => name !== '__esModule')
      .sort(),
    modules,
    packages: [...new Set(packages.filter((name) => name !== undefined))].sort(),
  }
}
