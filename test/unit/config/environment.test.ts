import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../../providers/local/index.js'
import { connectProvider } from '../../../src/config/connect-provider.js'
import { type Environment, loadConfiguration } from '../../../src/config/index.js'

const local = {
  WAXSEAL_PROVIDER: 'local',
  WAXSEAL_LOCAL_KEYS: `1:${generateLocalKey()}`,
  WAXSEAL_LOCAL_CURRENT_KEY: '1',
}
const load = (environment: Environment) => loadConfiguration({ environment })

test('variables are the options of the provider that they name', async () => {
  const { provider, source } = await load(local)
  expect({ provider, source }).toEqual({
    provider: { name: 'local', keys: local.WAXSEAL_LOCAL_KEYS, currentKey: '1' },
    source: 'environment',
  })
  await expect((await connectProvider(provider, undefined)).currentKek({})).resolves.toMatchObject({
    provider: 'local',
  })
})

test('recipients and accepted providers are lists of names', async () => {
  const { recipients, accepted } = await load({
    ...local,
    WAXSEAL_RECIPIENTS: 'local, local',
    WAXSEAL_ACCEPTED: 'local',
  })
  expect(recipients).toMatchObject([{ name: 'local', currentKey: '1' }, { name: 'local' }])
  expect(accepted).toMatchObject([{ provider: { name: 'local', currentKey: '1' } }])
})

test('environment and DataSource have variables of their own', async () => {
  const found = await load({ ...local, WAXSEAL_ENVIRONMENT: 'production', WAXSEAL_DATA_SOURCE: './a.js#b' })
  expect(found).toMatchObject({ environment: 'production', dataSource: './a.js#b' })
})

describe('the database', () => {
  const ours = 'postgres://ours@localhost/app'
  const common = 'postgresql://common@localhost/app'
  const cases: [name: string, variables: Environment, expected: string | undefined][] = [
    ['WAXSEAL_DATABASE_URL comes first', { WAXSEAL_DATABASE_URL: ours, DATABASE_URL: common }, ours],
    ['then DATABASE_URL', { DATABASE_URL: common }, common],
    ['a DATABASE_URL of another kind is somebody else’s', { DATABASE_URL: 'mysql://u@h/d' }, undefined],
  ]
  for (const [name, variables, expected] of cases) {
    test(name, async () => expect((await load({ ...local, ...variables })).database).toBe(expected))
  }

  test('a WAXSEAL_DATABASE_URL of another kind is an error', async () => {
    await expect(load({ ...local, WAXSEAL_DATABASE_URL: 'mysql://u@h/d' })).rejects.toThrow(
      /^environment: WAXSEAL_DATABASE_URL or DATABASE_URL: expected a URL such as postgres:/,
    )
  })
})

test('nothing set says what could be', async () => {
  await expect(load({})).rejects.toThrow(
    /^no configuration: expected a file waxseal\.config\.ts .* or WAXSEAL_PROVIDER/,
  )
})

describe('refused:', () => {
  const cases: [name: string, environment: Environment, message: RegExp][] = [
    [
      'a provider that nobody knows',
      { WAXSEAL_PROVIDER: 'lokal' },
      /^environment: WAXSEAL_PROVIDER: expected a provider/,
    ],
    [
      'a variable that nobody reads',
      { ...local, WAXSEAL_PROVIDR: 'local' },
      /^environment: WAXSEAL_PROVIDR: no such variable; known are WAXSEAL_PROVIDER/,
    ],
    [
      'options of a provider that nothing names',
      { ...local, WAXSEAL_PROVIDER: undefined },
      /WAXSEAL_LOCAL_KEYS: belongs to a provider that nothing names; set WAXSEAL_PROVIDER/,
    ],
  ]
  for (const [name, environment, message] of cases) {
    test(name, async () => {
      const refused = load(environment)
      await expect(refused).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
      await expect(refused).rejects.toThrow(message)
    })
  }

  test('a mistyped option of the provider, by the provider', async () => {
    const { provider } = await load({ ...local, WAXSEAL_LOCAL_KEY: 'x' })
    await expect(connectProvider(provider, undefined)).rejects.toThrow(/unknown option "key"/)
  })
})

test('what Kubernetes sets for a Service called waxseal is none of ours', async () => {
  const service = {
    WAXSEAL_PORT: 'tcp://10.0.0.1:80',
    WAXSEAL_SERVICE_HOST: '10.0.0.1',
    WAXSEAL_SERVICE_PORT_HTTP: '80',
    WAXSEAL_LOCAL_PORT_80_TCP_ADDR: '10.0.0.1',
  }
  const { provider } = await load({ ...local, ...service })
  expect(provider).toEqual({ name: 'local', keys: local.WAXSEAL_LOCAL_KEYS, currentKey: '1' })
})

describe('.env.example', () => {
  const example = parseEnv(readFileSync('.env.example', 'utf8')) as Record<string, string>
  const ownDatabase = { WAXSEAL_DATABASE_URL: 'postgres://u@localhost/app', WAXSEAL_ENVIRONMENT: 'test' }

  test('names variables that exist', async () => {
    await expect(load({ ...example, ...ownDatabase })).resolves.toMatchObject({
      dataSource: './dist/data-source.js#dataSource',
    })
  })

  test('each of its placeholders is refused, when all others were replaced', async () => {
    const own = { ...local, ...ownDatabase }
    const placeholders = Object.keys(example).filter((name) => example[name]!.includes('change-me'))
    expect(placeholders.sort()).toEqual(['WAXSEAL_DATABASE_URL', 'WAXSEAL_ENVIRONMENT', 'WAXSEAL_LOCAL_KEYS'])
    for (const name of placeholders) {
      const start = async () =>
        connectProvider((await load({ ...example, ...own, [name]: example[name] })).provider, undefined)
      await expect(start()).rejects.toThrow(/placeholder/)
    }
  })
})
