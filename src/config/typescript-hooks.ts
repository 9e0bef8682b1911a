/**
 * The module hooks of the TypeScript loader. They run in a thread of their own, which Node starts from a URL: this text,
 * because a source that is compiled to ESM and to CommonJS has no way to say where its neighbours lie. `compile` and
 * `formatOf` are functions of the loader, as text.
 */
export function typescriptHooks(compile: string, formatOf: string): string {
  return `
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'

const compile = ${compile}
const formatOf = ${formatOf}
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
  const format = formatOf(file, fs, path)
  return { format, source: compile(swc, fs.readFileSync(file, 'utf8'), file, format), shortCircuit: true }
}
`
}
