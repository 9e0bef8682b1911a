import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { LEVELS } from '../../src/cli/doctor/finding.js'
import { canary } from '../setup/cli.js'
import { declarationOf, type ProtectedProject, protectedProject, provider } from './protected-project.js'

interface Finding {
  section: string
  code: string
  level: string
  message: string
  remedy: string
}

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject()
  const database = new URL(made.database.url).pathname.slice(1)
  // The server of the tests logs everything, for the tests that search its log.
  for (const setting of ["log_statement = 'none'", 'log_parameter_max_length_on_error = 0']) {
    await made.client.query(`alter database ${database} set ${setting}`)
  }
})
afterAll(() => made.remove())

/** A configuration that replaces that of the project, as a module with what JSON cannot hold. */
function configured(body: string): string[] {
  const rest = { database: made.database.url, tables: [declarationOf(made.credentials.table)] }
  made.project.write(
    'other.config.js',
    `import { FaultyProvider, faults } from 'waxseal/testing'
     const local = ${JSON.stringify(provider)}
     const rest = ${JSON.stringify(rest)}
     ${body}`,
  )
  return ['doctor', '--config', 'other.config.js']
}

async function report(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await made.run([...args, '--json'], { env })
  expect(stderr).toBe('')
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
  expect(ok).toBe(status === 0)
  const codes = findings
    .map(({ code }) => code)
    .filter((code) => code !== 'NODE_END_OF_LIFE' && code !== 'SERVER_LOGS_REFUSED')
  return { status, findings, codes, messages: Object.fromEntries(findings.map(({ code, message }) => [code, message])) }
}

test('a sound installation: exit code 0, and the report of a person', async () => {
  await made.credentials.insert({ password: 'x' })
  const { status, stdout, stderr } = await made.run(['doctor'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).not.toContain(provider.keys.slice(2, -17))
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^runtime {2}Node \d+\.\d+\.\d+/)
  expect(stdout).toMatch(
    /^keys ✓\n {2}· KEK_REACHABLE\n {4}provider: local:local@1-[0-9a-f]{16} wrapped and unwrapped a canary\n\n/m,
  )
  expect(stdout).toMatch(/^table "public"\."credential" {2}1 row: 1 wrapped, 0 shredded, 0 empty ✓\n/m)
  expect(stdout).toMatch(/^server {2}PostgreSQL \d+/m)
  expect(stdout).toMatch(/^ {2}· SERVER_LOGS_REFUSED\n {4}.*\n {4}→ send secrets as parameters only/m)
  expect(lines.at(-2)).toMatch(/^0 errors, \d warnings?, 2 notes$/)
})

test('a warning is no failure', async () => {
  const { status, findings } = await report(
    configured(
      'const table = { ...rest.tables[0], bindRow: false }\nexport default { provider: local, database: rest.database, tables: [table] }',
    ),
  )
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'ROW_NOT_BOUND', level: 'warning', section: 'table "public"."credential"' }),
  )
  // The guard binds rows and the declaration does not, which is an error; the warning is none.
  expect(status).toBe(1)
})

describe('keys', () => {
  test('the provider and each recipient wrap and unwrap a canary', async () => {
    const { codes, findings } = await report(
      configured(`export default { ...rest, provider: local, recipients: [new FaultyProvider(), local] }`),
    )
    expect(codes).toEqual(['KEK_REACHABLE', 'KEK_REACHABLE', 'KEK_REACHABLE'])
    expect(findings.filter(({ code }) => code === 'KEK_REACHABLE').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^provider: local:local@1-/),
      'recipients[0]: fake:fake-kek@1 wrapped and unwrapped a canary',
      expect.stringMatching(/^recipients\[1\]: local:local@1-/),
    ])
  })

  const broken: [name: string, body: string, message: RegExp][] = [
    [
      'denies',
      'p.faults.inject(faults.deny())',
      /^provider: fake KMS: access denied; mend the policy \(ERR_KMS_ACCESS_DENIED\)$/,
    ],
    ['is throttled', 'p.faults.inject(faults.throttle())', /^provider: fake KMS: throttled \(ERR_KMS_UNAVAILABLE\)$/],
    ['wraps and does not unwrap', "p.faults.inject(faults.deny(), { operation: 'unwrap' })", /ERR_KMS_ACCESS_DENIED/],
    [
      'answers with another key',
      'p.faults.inject(faults.answerWithOtherDataKey())',
      /^provider: the KMS answered with another key than it was given \(ERR_DECRYPTION_FAILED\)$/,
    ],
    [
      'fails without a known error',
      'p.wrap = async () => { throw new Error(process.env.SECRET) }',
      /^provider: it failed \(an unknown error\)$/,
    ],
  ]
  for (const [name, body, message] of broken) {
    test(`a KMS that ${name} is an error`, async () => {
      const secret = canary()
      const args = configured(`const p = new FaultyProvider()\n${body}\nexport default { ...rest, provider: p }`)
      const { status, codes, messages, findings } = await report(args, { SECRET: secret })
      expect({ status, codes }).toEqual({ status: 1, codes: ['KEK_UNREACHABLE'] })
      expect(messages.KEK_UNREACHABLE).toMatch(message)
      expect(JSON.stringify(findings)).not.toContain(secret)
    })
  }

  test('a placeholder for a key is an error', async () => {
    const { status, codes, messages } = await report(
      configured(`export default { ...rest, provider: { ...local, keys: '1:change-me' } }`),
    )
    expect({ status, codes }).toEqual({ status: 1, codes: ['KEK_UNREACHABLE'] })
    expect(messages.KEK_UNREACHABLE).toMatch(/placeholder/)
  })

  test('an accepted provider that cannot be connected is an error: no application would start', async () => {
    const { status, codes, messages } = await report(
      configured(
        `export default { ...rest, provider: local, accepted: [{ provider: { ...local, keys: '1:change-me' } }] }`,
      ),
    )
    expect({ status, codes: [...codes].sort() }).toEqual({ status: 1, codes: ['KEK_REACHABLE', 'KEK_UNREACHABLE'] })
    expect(messages.KEK_UNREACHABLE).toMatch(/^accepted\[0\]: /)
  })

  test('a KMS that does not say its version is a warning', async () => {
    const { status, codes } = await report(
      configured(`const p = new FaultyProvider()
      const { wrap, unwrap } = p
      p.wrap = async (...args) => { const w = await wrap.apply(p, args); return { ...w, kek: { ...w.kek, version: '' } } }
      p.unwrap = (w, ...args) => unwrap.call(p, { ...w, kek: { ...w.kek, version: '1' } }, ...args)
      export default { ...rest, provider: p }`),
    )
    expect({ status, codes }).toEqual({ status: 0, codes: ['KEK_REACHABLE', 'KEK_VERSION_UNKNOWN'] })
  })

  test('a recipient that only wraps is named', async () => {
    const { status, messages } = await report(
      configured(`const recovery = { name: 'recovery', currentKek: async () => ({}), wrap: async () => ({}) }
      export default { ...rest, provider: local, recipients: [recovery] }`),
    )
    expect(status).toBe(0)
    expect(messages.RECIPIENT_WRAP_ONLY).toMatch(/^recipients\[0\]: "recovery" can wrap and not unwrap here/)
  })
})

describe('the environment', () => {
  const cases: [name: string, tag: string, code: string | undefined, status: number][] = [
    ['of the KEK is that of the configuration', "'production'", undefined, 0],
    ['of the KEK is another', "'staging'", 'ENVIRONMENT_DIFFERS', 1],
    ['of the KEK is not tagged', 'undefined', 'ENVIRONMENT_UNTAGGED', 0],
  ]
  for (const [name, tag, code, expected] of cases) {
    test(name, async () => {
      const { status, codes } = await report(
        configured(`const p = Object.assign(new FaultyProvider(), { environmentTag: async () => ${tag} })
        export default { ...rest, provider: p, environment: 'production' }`),
      )
      expect({ status, codes }).toEqual({ status: expected, codes: ['KEK_REACHABLE', ...(code ? [code] : [])] })
    })
  }

  test('is compared with nothing where keys have no tags', async () => {
    const { status, messages } = await report(
      configured(`export default { ...rest, provider: local, environment: 'production' }`),
    )
    expect(status).toBe(0)
    expect(messages.ENVIRONMENT_NOT_APPLICABLE).toBe(
      'provider: the keys of provider "local" have no tags, so "production" is compared with nothing',
    )
  })
})

describe('TypeORM', () => {
  const entity = (end: string) => `
import 'reflect-metadata'
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { connectCipher } from 'waxseal/config'
import { Encrypted, EncryptionMetadata, EncryptedValue, StoredEnvelope, withEncryption } from 'waxseal/typeorm'
@Entity()
class Credential {
  @PrimaryGeneratedColumn('uuid') id!: string
  @Column('text', { name: 'tenant_id' }) tenantId!: string
  @Encrypted() password!: string
  @Encrypted({ as: 'json', lazy: true }) oauth!: EncryptedValue<unknown>
  @EncryptionMetadata({ entity: 'credential', context: { tenant: 'tenantId' } }) encryption_metadata!: StoredEnvelope
}
const plain = new DataSource({ type: 'postgres', ...JSON.parse(process.env.CONNECTION!), entities: [Credential], synchronize: true, dropSchema: true })
const cipher = () => connectCipher()
export const dataSource = ${end}
`
  const cases: [name: string, end: string, codes: string[], status: number][] = [
    ['with encryption', 'withEncryption(plain, { cipher })', [], 0],
    ['without', 'plain', ['SUBSCRIBER_MISSING'], 1],
    [
      'with its subscribers replaced',
      'withEncryption(plain, { cipher }).setOptions({ subscribers: [] })',
      ['SUBSCRIBER_MISSING'],
      1,
    ],
    ["in the mode 'off'", "withEncryption(plain, { cipher, mode: 'off' })", ['MODE_NOT_ENFORCE'], 0],
    ["in the mode 'adopt-read'", "withEncryption(plain, { cipher, mode: 'adopt-read' })", ['MODE_NOT_ENFORCE'], 0],
    ["with guard: 'warn'", "withEncryption(plain, { cipher, guard: 'warn' })", ['GUARD_UNCHECKED'], 0],
    ...Object.entries({
      'that logs everything': "logging: 'all'",
      'that logs by default': 'logging: true',
      'that logs failures': "logging: ['error', 'migration']",
      'that logs what is slow': 'maxQueryExecutionTime: 100',
    }).map(([name, options]): [string, string, string[], number] => {
      const end = `withEncryption(new DataSource({ ...plain.options, ${options} }), { cipher })`
      return [name, end, ['TYPEORM_LOGS_PARAMETERS'], 0]
    }),
    [
      'that logs warnings, or by a logger of its own',
      "withEncryption(new DataSource({ ...plain.options, logging: ['warn'], logger: 'debug' }), { cipher })",
      [],
      0,
    ],
    [
      'whose search path leads to another schema',
      "withEncryption(new DataSource({ ...plain.options, extra: { options: '-c search_path=elsewhere' } }), { cipher })",
      ['TABLE_MISSING'],
      1,
    ],
    [
      'with several servers',
      `withEncryption(new DataSource({ type: 'postgres', entities: [Credential],
        replication: { master: JSON.parse(process.env.CONNECTION!), slaves: [] } }), { cipher })`,
      [],
      0,
    ],
    ["with guard: 'install'", "withEncryption(plain, { cipher, guard: 'install' })", ['GUARD_AUTOMATIC'], 0],
  ]
  const parts = () => {
    const { hostname: host, port, username, password, pathname } = new URL(made.database.url)
    return { host, port: Number(port), username, password: decodeURIComponent(password), database: pathname.slice(1) }
  }
  for (const [kind, connection] of [
    ['esm', () => ({ url: made.database.url })],
    ['commonjs', parts],
  ] as const) {
    for (const [name, end, codes, status] of cases) {
      test(`a DataSource ${name}, in ${kind}`, async () => {
        await made.client.query('create schema if not exists elsewhere')
        made.project.write(`${kind}/package.json`, kind === 'esm' ? '{"type":"module"}' : '{}')
        made.project.write(`${kind}/data-source.ts`, entity(end))
        made.project.write(`${kind}.json`, JSON.stringify({ provider, dataSource: `./${kind}/data-source.ts` }))
        const found = await report(['doctor', '--config', `${kind}.json`], { CONNECTION: JSON.stringify(connection()) })
        expect({ codes: found.codes, status: found.status }).toEqual({ codes: ['KEK_REACHABLE', ...codes], status })
      })
    }
  }

  test('the DataSource is looked at and not initialised: it would have dropped the schema', async () => {
    const { rows } = await made.client.query('select count(*)::int as rows from credential')
    expect(rows[0].rows).toBeGreaterThan(0)
  })
})

test('a database that is not there is a finding, and the rest is checked', async () => {
  const url = 'postgres://somebody:hunter2-is-the-password@127.0.0.1:1/nowhere'
  const { status, codes, findings } = await report(
    configured(`export default { ...rest, provider: local, database: '${url}' }`),
  )
  expect({ status, codes }).toEqual({ status: 1, codes: ['KEK_REACHABLE', 'DATABASE_UNREACHABLE'] })
  expect(JSON.stringify(findings)).not.toContain('hunter2')
})

test('doctor changes nothing: its connection is read only', async () => {
  const { database } = made
  await made.client.query(`create table guard_of_reads (n int)`)
  await made.client.query(
    `create function public.write_something() returns text language plpgsql as $$ begin insert into public.guard_of_reads values (1); return '1'; end $$`,
  )
  await made.client.query(
    `create view "looks_like_a_table" as select gen_random_uuid() as id, 'a'::text as tenant_id, public.write_something() as password, null::text as oauth, '{}'::jsonb as encryption_metadata`,
  )
  const table = { ...declarationOf(made.credentials.table), table: 'looks_like_a_table' }
  const { messages } = await report(
    configured(`export default { provider: local, database: '${database.url}', tables: [${JSON.stringify(table)}] }`),
  )
  expect(messages.ROWS_NOT_COUNTED).toMatch(/SQLSTATE 25006/)
})

test('every finding has a code that docs/doctor.md explains, with its level', () => {
  const page = readFileSync('docs/doctor.md', 'utf8')
  const explained = [...page.matchAll(/^\| `([A-Z_]+)` \| (error|warning|note) \|/gm)].map(([, code, level]) => [
    code,
    level,
  ])
  expect(Object.fromEntries(explained)).toEqual(LEVELS)
  expect(explained).toHaveLength(Object.keys(LEVELS).length)
})
