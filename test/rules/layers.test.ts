import { describe, expect, test } from '@jest/globals'
import { pages, sources } from './files.js'
import { layerProblems } from './layers.js'

test('the rules see the sources and the pages', () => {
  const seen = [...sources(), ...pages()].map(({ path }) => path)
  expect(seen).toEqual(expect.arrayContaining(['src/index.ts', 'providers/local/provider.ts', 'docs/error-codes.md']))
})

test('every file belongs to a layer and imports only what its layer may', () => {
  expect(sources().flatMap(layerProblems)).toEqual([])
})

describe('the rule refuses', () => {
  const cases: [string, string, string][] = [
    ['an import outwards', 'src/kms/x.ts', `import { a } from '../envelope/aead.js'`],
    ['a type import outwards', 'src/envelope/x.ts', `import type { A } from '../postgres/a.js'`],
    ['a re-export outwards', 'src/kms/x.ts', `export * from '../typeorm/index.js'`],
    ['an import type in a declaration', 'src/kms/x.ts', `export type A = import('pg').Client`],
    ['pg where only its types are allowed', 'src/postgres/x.ts', `import { Client } from 'pg'`],
    ['the root entry naming a layer with a library', 'src/index.ts', `export * from './typeorm/index.js'`],
    ['a library in the core', 'src/kms/deadline.ts', `import { LRUCache } from 'lru-cache'`],
    ['typeorm outside of its layer', 'src/rotation/x.ts', `import { DataSource } from 'typeorm'`],
    ['the demo loaded by every command', 'src/cli/main.ts', `import { demo } from './demo/command.js'`],
    ['typeorm loaded at the start of the CLI', 'src/cli/main.ts', `import { DataSource } from 'typeorm'`],
    ['a type import that leaves an import behind', 'src/audit/x.ts', `import { type Client } from 'pg'`],
    ['an SDK in a provider', 'providers/aws/provider.ts', `import { KMS } from '@aws-sdk/client-kms'`],
    ['an SDK loaded at the start', 'providers/aws/connect.ts', `import { KMS } from '@aws-sdk/client-kms'`],
    ["a provider importing another's folder", 'providers/aws/x.ts', `import { a } from '../local/provider.js'`],
    ['connect.ts reaching outwards', 'providers/aws/connect.ts', `await import('../../src/postgres/a.js')`],
    ['a provider loaded before it is asked for', 'providers/index.ts', `export * from './local/index.js'`],
    ['decorators loaded by every command', 'src/config/x.ts', `import { a } from '../typeorm/index.js'`],
    ['require', 'src/kms/x.ts', `const pg = require('pg')`],
    ['a computed import', 'src/envelope/x.ts', `await import(name)`],
    ['a migration that imports the library', 'migrations/1-a.ts', `import { a } from '../src/postgres/a.js'`],
    ['a package whose name only starts alike', 'src/envelope/x.ts', `import 'lru-cache-evil'`],
    ['a file without a layer', 'src/utils/x.ts', ''],
    ['a file beside the layers', 'src/misc.ts', ''],
  ]
  for (const [what, path, text] of cases) {
    test(what, () => expect(layerProblems({ path, text })).toEqual([expect.stringContaining(path)]))
  }
})

describe('the rule allows', () => {
  const cases: [string, string, string][] = [
    ['the own folder', 'providers/aws/provider.ts', `import { table } from './errors.js'`],
    ['an SDK on demand', 'providers/aws/connect.ts', `await import('@aws-sdk/client-kms')`],
    ["an optional package's types", 'src/postgres/x.ts', `import type { Client } from 'pg'`],
    ['a package on demand', 'src/cli/doctor.ts', `const { DataSource } = await import('typeorm')`],
    ['inwards', 'src/typeorm/x.ts', `import { a } from '../postgres/a.js'\nimport { Entity } from 'typeorm'`],
    ['a module of a package', 'src/typeorm/x.ts', `import type { C } from 'typeorm/metadata/ColumnMetadata.js'`],
  ]
  for (const [what, path, text] of cases) test(what, () => expect(layerProblems({ path, text })).toEqual([]))
})
