import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type Transpiled, transpile } from '../setup/transpile.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** TypeORM's own command line, in processes of its own. */
let database: FreshDatabase
let transpiled: Transpiled
let migrations: string

beforeAll(async () => {
  database = await freshDatabase()
  transpiled = transpile(root, 'test/typeorm/migration-data-source.ts')
  migrations = join(dirname(transpiled.file), 'migrations')
  mkdirSync(migrations)
})

afterAll(async () => {
  transpiled?.remove()
  await database?.drop()
})

function typeorm(command: string, ...args: string[]): { status: number | null; output: string } {
  const cli = join(root, 'node_modules/typeorm/cli.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, command, '-d', transpiled.file, ...args], {
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      DATABASE_URL: database.url,
      MIGRATIONS: join(migrations, '*.js'),
      // Those that empty the subscribers; the others start the application's DataSource as it is.
      KMS: ['migration:run', 'migration:revert', 'migration:show'].includes(command) ? 'none' : 'reachable',
    },
  })
  return { status, output: stdout + stderr }
}

function succeed(command: string, ...args: string[]): string {
  const { status, output } = typeorm(command, ...args)
  if (status !== 0) throw new Error(`typeorm ${command}: exit ${status}\n${output}`)
  return output
}

async function guardTriggers(): Promise<number> {
  const { rows } = await database.client.query('SELECT FROM pg_trigger WHERE NOT tgisinternal')
  return rows.length
}

test('migration:generate says no changes the second time, with the guard installed, and migrations run without a KMS', async () => {
  succeed('migration:generate', join(migrations, 'Create'), '--outputJs', '--esm')
  expect(readdirSync(migrations)).toHaveLength(1)

  const add = `import { addEncryptionGuard, removeEncryptionGuard } from '../${basename(transpiled.file)}'
export class AddGuard9999999999999 {
  name = 'AddGuard9999999999999'
  up(queryRunner) { return addEncryptionGuard(queryRunner, 'credential') }
  down(queryRunner) { return removeEncryptionGuard(queryRunner, 'credential') }
}
`
  writeFileSync(join(migrations, '9999999999999-AddGuard.js'), add)
  succeed('migration:run')
  expect(await guardTriggers()).toBe(8)

  const again = typeorm('migration:generate', join(migrations, 'Again'), '--outputJs', '--esm')
  expect(again.output).toContain('No changes in database schema were found')
  succeed('migration:generate', join(migrations, 'Check'), '--check')
  expect(readdirSync(migrations)).toHaveLength(2)
  expect(succeed('schema:log')).toContain('Your schema is up to date')
  expect(succeed('migration:show')).toContain('[X] 2 AddGuard9999999999999')

  succeed('migration:revert')
  expect(await guardTriggers()).toBe(0)
})
