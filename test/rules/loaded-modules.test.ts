import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { builtPackage, runNode } from '../setup/cli.js'
import { readFiles } from './files.js'

const [manifest] = readFiles(['package.json'])
const subpaths = Object.keys(JSON.parse(manifest!.text).exports).filter((subpath) => subpath !== './package.json')
const specifiers = subpaths.map((subpath) => `waxseal${subpath.slice(1)}`)

interface Loaded {
  readonly names: string[]
  readonly modules: string[]
  readonly packages: string[]
}

// By a computed path: a script of the project is no part of what is compiled.
const { LISTED, loaders, readLoaded } = (await import(['../..', 'scripts/loaded-modules.js'].join('/'))) as {
  LISTED: string
  loaders: Record<'ESM' | 'CommonJS', (specifier: string) => string[]>
  readLoaded: (printed: string) => Loaded
}

async function load(args: readonly string[]): Promise<Loaded> {
  const { status, stdout, stderr } = await runNode(args, { cwd: builtPackage() })
  if (status !== 0) throw new Error(stderr)
  const loaded = readLoaded(stdout)
  if (!loaded.modules.some((module) => module.includes('/dist/')))
    throw new Error('the list of modules is without our own')
  return loaded
}

// Built before the first test, so that no test's time limit includes it.
beforeAll(() => void builtPackage(), 120_000)

describe.each(Object.entries(loaders))('in the %s build', (_, evaluate) => {
  test('the root entry loads lru-cache and nothing else but Node', async () => {
    expect((await load(evaluate('waxseal'))).packages).toEqual(['lru-cache'])
  })

  test('a package that another entry loads is seen', async () => {
    expect((await load(evaluate('waxseal/kms'))).packages).toEqual([])
    expect((await load(evaluate('waxseal/config'))).packages).toEqual(['lru-cache', 'zod'])
  })

  test('only waxseal/typeorm loads TypeORM, only waxseal/opentelemetry its API, and none loads a database client', async () => {
    for (const specifier of specifiers.filter((each) => each !== 'waxseal/typeorm')) {
      const { packages } = await load(evaluate(specifier))
      const others = packages.filter((name) => !['lru-cache', 'zod'].includes(name))
      const own: Readonly<Record<string, readonly string[]>> = {
        'waxseal/audit': ['canonicalize'],
        'waxseal/opentelemetry': ['@opentelemetry/api'],
      }
      expect([specifier, others]).toEqual([specifier, own[specifier] ?? []])
    }
  })
})

test('both builds of every entry export the same names', async () => {
  for (const specifier of specifiers) {
    const [esm, cjs] = await Promise.all([load(loaders.ESM(specifier)), load(loaders.CommonJS(specifier))])
    expect([specifier, cjs.names]).toEqual([specifier, esm.names])
    expect(esm.names).not.toEqual([])
  }
})

test('help loads no command', async () => {
  const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
  const { packages } = await load([LISTED, main, '--help'])
  expect(packages).toEqual(['commander'])
})
