/**
 * The module hooks of the TypeScript loader. They run in a thread of their own, which Node starts from a URL: this text,
 * because a source that is compiled to ESM and to CommonJS has no way to say where its neighbours lie. `compile` is
 * `compileTypeScript`, as text.
 */
export function typescriptHooks(compile: string): string {
  return `
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compile = ${compile}
let swc

export function initialize(data) {
  swc = createRequire(data.swc)(data.swc)
}

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context)
  } catch (error) {
    if (!/^(\\.{0,2}\\/|file:)/.test(specifier)) throw error
    for (const candidate of [specifier.replace(/\\.([cm]?)js$/, '.$1ts'), specifier + '.ts', specifier + '/index.ts']) {
      if (candidate === specifier) continue
      try {
        return await next(candidate, context)
      } catch {
        // The error of the specifier as it is written says more.
      }
    }
    throw error
  }
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !/\\.[cm]?ts$/.test(url)) return next(url, context)
  const file = fileURLToPath(url)
  const format = { '.mts': 'module', '.cts': 'commonjs' }[extname(file)] ?? packageType(dirname(file))
  return { format, source: compile(swc, readFileSync(file, 'utf8'), file, format), shortCircuit: true }
}

function packageType(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type ?? 'commonjs'
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return folder === dirname(folder) ? 'commonjs' : packageType(dirname(folder))
  }
}
`
}
