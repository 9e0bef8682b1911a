import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { builtPackage, runNode } from '../setup/cli.js'
import { readFiles } from './files.js'

const [manifest] = readFiles(['package.json'])
const subpaths = Object.keys(JSON.parse(manifest!.text).exports).filter((subpath) => subpath !== './package.json')
const specifiers = subpaths.map((subpath) => `waxseal${subpath.slice(1)}`)

/** Prints the URL of every module that is resolved, and whatever the script prints. */
const HOOK = `
  import { writeSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context)
    writeSync(1, 'module ' + resolved.url + '\\n')
    return resolved
  }`
const moduleOf = (text: string) => `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
const LISTED = `--import=${moduleOf(`import { register } from 'node:module'; register('${moduleOf(HOOK)}')`)}`

const builds = {
  ESM: (specifier: string) => [
    LISTED,
    '--input-type=module',
    `--eval=console.log('names', JSON.stringify(Object.keys(await import('${specifier}'))))`,
  ],
  CommonJS: (specifier: string) => [
    '--input-type=commonjs',
    `--eval=console.log('names', JSON.stringify(Object.keys(require('${specifier}'))));
     for (const file of Object.keys(require.cache)) console.log('module', file)`,
  ],
}

interface Loaded {
  readonly names: string[]
  /** Packages that were loaded: a package's own modules count as the package, ours not at all. */
  readonly packages: string[]
}

async function load(args: readonly string[]): Promise<Loaded> {
  const { status, stdout, stderr } = await runNode(args, { cwd: builtPackage() })
  if (status !== 0) throw new Error(stderr)
  const lines = stdout.split('\n')
  const modules = lines.filter((line) => line.startsWith('module ')).map((line) => line.slice('module '.length))
  if (!modules.some((module) => module.includes('/dist/'))) throw new Error('the list of modules is without our own')
  const names = lines.find((line) => line.startsWith('names '))?.slice('names '.length) ?? '[]'
  return {
    names: JSON.parse(names)
      .filter((name: string) => name !== '__esModule')
      .sort(),
    packages: packagesOf(modules),
  }
}

function packagesOf(modules: readonly string[]): string[] {
  const names = modules.map((module) => /.*\/node_modules\/((?:@[^/]+\/)?[^/.][^/]*)\//.exec(module)?.[1])
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}

// Built before the first test, so that no test's time limit includes it.
beforeAll(() => void builtPackage(), 120_000)

describe.each(Object.entries(builds))('in the %s build', (_, evaluate) => {
  test('the root entry loads lru-cache and nothing else but Node', async () => {
    expect((await load(evaluate('waxseal'))).packages).toEqual(['lru-cache'])
  })

  test('a package that another entry loads is seen', async () => {
    expect((await load(evaluate('waxseal/kms'))).packages).toEqual([])
    expect((await load(evaluate('waxseal/config'))).packages).toEqual(['lru-cache', 'zod'])
  })

  test('only waxseal/typeorm loads TypeORM, and none loads a database client', async () => {
    for (const specifier of specifiers.filter((each) => each !== 'waxseal/typeorm')) {
      const { packages } = await load(evaluate(specifier))
      expect([specifier, packages.filter((name) => !['lru-cache', 'zod'].includes(name))]).toEqual([specifier, []])
    }
  })
})

test('both builds of every entry export the same names', async () => {
  for (const specifier of specifiers) {
    const [esm, cjs] = await Promise.all([load(builds.ESM(specifier)), load(builds.CommonJS(specifier))])
    expect([specifier, cjs.names]).toEqual([specifier, esm.names])
    expect(esm.names).not.toEqual([])
  }
})

test('help loads no command', async () => {
  const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
  const { packages } = await load([LISTED, main, '--help'])
  expect(packages).toEqual(['commander'])
})
