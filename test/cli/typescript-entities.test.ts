import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { builtPackage, type Project, project, runNode, waxseal } from '../setup/cli.js'

const provider = JSON.stringify({ name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 })

/** Entities as people write them: decorators with metadata, `name!: string`, two files that import each other. */
const entities = {
  'src/tenant.ts': `import { Column, Entity, OneToMany, PrimaryGeneratedColumn, type Relation } from 'typeorm'
import { Credential } from './credential'
@Entity()
export class Tenant {
  @PrimaryGeneratedColumn('uuid') id!: string
  @Column() name!: string
  @OneToMany(() => Credential, (credential) => credential.tenant) credentials!: Relation<Credential>[]
}
`,
  'src/credential.ts': `import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm'
import { Encrypted, EncryptionMetadata, EncryptedValue, StoredEnvelope } from 'waxseal/typeorm'
import { Tenant } from './tenant'
@Entity()
export class Credential {
  @PrimaryGeneratedColumn('uuid') id!: string
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string
  @ManyToOne(() => Tenant, (tenant) => tenant.credentials) @JoinColumn({ name: 'tenant_id' }) tenant!: Relation<Tenant>
  @Encrypted() password!: string
  @Encrypted({ as: 'json', lazy: true }) oauth!: EncryptedValue<{ token: string }>
  @EncryptionMetadata({ entity: 'credential', context: { tenant: 'tenantId' } }) encryptionMetadata!: StoredEnvelope
}
`,
  'src/data-source.ts': `import 'reflect-metadata'
import { DataSource } from 'typeorm'
import { connectCipher } from 'waxseal/config'
import { withEncryption } from 'waxseal/typeorm'
import { Credential } from './credential.js'
import { Tenant } from './tenant'
export const dataSource = withEncryption(
  new DataSource({ type: 'postgres', synchronize: true, dropSchema: true, entities: [Credential, Tenant] }),
  { cipher: () => connectCipher() },
)
`,
}
const lazily = `export default { provider: ${provider}, dataSource: () => import('./src/data-source') }`

const projects: Project[] = []
afterEach(() => {
  for (const each of projects.splice(0)) each.remove()
})

function projectOf(files: Record<string, string>, packages?: string[]): Project {
  const made = project(files, packages)
  projects.push(made)
  return made
}

for (const [kind, files] of [
  ['an ESM', {}],
  ['a CommonJS', { 'package.json': '{}' }],
] as const) {
  describe(`in ${kind} project`, () => {
    const cases: [name: string, files: Record<string, string>, args: string[]][] = [
      [
        'a DataSource',
        {
          'waxseal.config.ts': `import { dataSource } from './src/data-source'\nexport default { provider: ${provider}, dataSource }`,
        },
        [],
      ],
      ['a function that imports one', { 'waxseal.config.ts': lazily }, []],
      [
        'a path',
        { 'waxseal.config.json': `{ "provider": ${provider}, "dataSource": "./src/data-source.ts#dataSource" }` },
        [],
      ],
      [
        'a path without an export',
        { 'waxseal.config.json': `{ "provider": ${provider}, "dataSource": "src/data-source.ts" }` },
        [],
      ],
      [
        '--data-source',
        { 'waxseal.config.json': `{ "provider": ${provider} }` },
        ['--data-source', 'src/data-source.ts#dataSource'],
      ],
      [
        'a configuration in the other module system',
        {
          'waxseal.config.mts': `import { dataSource } from './src/data-source'\nexport default { provider: ${provider}, dataSource }`,
        },
        [],
      ],
    ]
    for (const [name, configuration, args] of cases) {
      test(`decorated entities in TypeScript come from ${name}`, async () => {
        const { folder } = projectOf({ ...entities, ...files, ...configuration })
        const { status, stdout, stderr } = await waxseal(['guard', 'sql', ...args], { cwd: folder })
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
        expect(stdout).toContain('"entity":"credential"')
        expect(stdout).toContain('"context":{"tenant":"tenant_id"}')
        expect(stdout.match(/CREATE OR REPLACE TRIGGER/g)).toHaveLength(8)
      })
    }

    test('entities that a pattern finds are loaded as well', async () => {
      const pattern =
        kind === 'an ESM' ? "import.meta.dirname + '/{credential,tenant}.ts'" : "__dirname + '/{credential,tenant}.ts'"
      const { folder } = projectOf({
        ...entities,
        ...files,
        'src/data-source.ts': entities['src/data-source.ts']
          .replace('[Credential, Tenant]', `[${pattern}]`)
          .replaceAll(/import \{ (Credential|Tenant) \}.*\n/g, ''),
        'waxseal.config.ts': lazily,
      })
      const { status, stdout, stderr } = await waxseal(['guard', 'sql'], { cwd: folder })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toContain('"entity":"credential"')
    })

    test('an application connects its cipher by the same file', async () => {
      const program = `connectCipher().then((cipher) => cipher.mint({ entity: 'credential', context: {} })).then(({ metadata }) => console.log(metadata.wraps[0].kek.provider))`
      const { folder } = projectOf({
        ...files,
        'waxseal.config.ts': `export default { provider: ${provider} }`,
        'app.mjs': `import { connectCipher } from 'waxseal/config'\n${program}`,
        'app.cjs': `const { connectCipher } = require('waxseal/config')\n${program}`,
      })
      for (const app of ['app.mjs', 'app.cjs']) {
        expect(await runNode([app], { cwd: folder })).toEqual({ status: 0, stdout: 'local\n', stderr: '' })
      }
    })
  })
}

describe('a package that is missing is named, with the command that installs it:', () => {
  /** In a copy: from where the package is built, all that this repository has would be found. */
  async function bare(args: string[], files: Record<string, string>) {
    const { folder } = projectOf(files, [])
    const packages = join(folder, 'elsewhere', 'node_modules')
    cpSync(builtPackage(), join(packages, 'waxseal'), { recursive: true })
    for (const name of ['commander', 'zod', 'lru-cache']) {
      cpSync(join('node_modules', name), join(packages, name), { recursive: true })
    }
    const { status, stderr } = await runNode([join(packages, 'waxseal/dist/esm/src/cli/main.js'), ...args], {
      cwd: folder,
    })
    expect(status).toBe(2)
    return stderr
  }

  test('@swc/core', async () => {
    const stderr = await bare(['guard', 'sql'], { 'waxseal.config.ts': `export default { provider: ${provider} }` })
    expect(stderr).toMatch(
      /waxseal\.config\.ts: a configuration in TypeScript needs the package @swc\/core; install it with "npm i -D @swc\/core"/,
    )
  })

  test('typeorm', async () => {
    const dataSource = `{ options: { type: 'postgres' }, initialize() {}, async buildMetadatas() {}, entityMetadatas: [] }`
    const stderr = await bare(['guard', 'sql'], {
      'waxseal.config.js': `export default { provider: ${provider}, dataSource: ${dataSource} }`,
    })
    expect(stderr).toMatch(/a DataSource needs the package typeorm; install it with "npm i typeorm"/)
  })

  test('pg', async () => {
    const tables = `[{ entity: 'a', table: 'a', primaryKey: { id: 'uuid' }, fields: [{ column: 'b' }] }]`
    const stderr = await bare(['guard', 'check'], {
      'waxseal.config.js': `export default { provider: ${provider}, tables: ${tables}, database: 'postgres://localhost/x' }`,
    })
    expect(stderr).toMatch(/this command needs the package pg; install it with "npm i pg"/)
  })
})

test('a DataSource that is not there is refused with what was found', async () => {
  const { folder } = projectOf({
    ...entities,
    'waxseal.config.json': `{ "provider": ${provider} }`,
    'two.js': 'export default 3',
  })
  const cases: [choice: string, message: RegExp][] = [
    ['src/data-source.ts#source', /expected an export named "source", found dataSource/],
    ['two.js', /expected one TypeORM DataSource, found none; name the export as in path#dataSource/],
    ['two.js#default', /expected a TypeORM DataSource or a function that returns one/],
    ['gone.ts', /gone\.ts: no such file/],
  ]
  for (const [choice, message] of cases) {
    const { status, stderr } = await waxseal(['guard', 'sql', '--data-source', choice], { cwd: folder })
    expect(status).toBe(2)
    expect(stderr).toMatch(message)
  }
})

test('a DataSource without encrypted columns is refused', async () => {
  const { folder } = projectOf({
    'waxseal.config.js': `import { DataSource } from 'typeorm'\nexport default { provider: ${provider}, dataSource: new DataSource({ type: 'postgres' }) }`,
  })
  const { status, stderr } = await waxseal(['guard', 'sql'], { cwd: folder })
  expect(status).toBe(2)
  expect(stderr).toMatch(/the DataSource has no entity with @Encrypted columns/)
})
