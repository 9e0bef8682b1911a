import type { KMS } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connectAwsClient } from '../../providers/aws/connect.js'
import { AwsProvider, connectAws } from '../../providers/aws/index.js'
import { assertRejects } from '../../src/testing/contract/assertions.js'
import { type Project, project, runNode } from '../setup/cli.js'

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef'

/** Where a request of the client would go: it is stopped before it leaves. */
async function endpointOf(section: Readonly<Record<string, string>>): Promise<string> {
  const client = (await connectAwsClient(section)).client as KMS
  client.config.credentials = async () => ({ accessKeyId: 'test', secretAccessKey: 'test' })
  let endpoint = ''
  client.middlewareStack.add(
    () => async (args) => {
      const { protocol, hostname, port = '' } = args.request as { protocol: string; hostname: string; port?: number }
      endpoint = `${protocol}//${hostname}${port && `:${port}`}`
      throw new Error('stopped')
    },
    { step: 'build' },
  )
  await expect(client.listKeys({})).rejects.toThrow('stopped')
  return endpoint
}

test.each([
  ['the region of the ARN', { key: KEY }, 'https://kms.eu-central-1.amazonaws.com'],
  [
    'the option "region" before that of the ARN',
    { key: KEY, region: 'eu-west-1' },
    'https://kms.eu-west-1.amazonaws.com',
  ],
  ['the FIPS endpoint', { key: KEY, fips: 'true' }, 'https://kms-fips.eu-central-1.amazonaws.com'],
  ['an endpoint of your own', { key: KEY, endpoint: 'http://127.0.0.1:4566' }, 'http://127.0.0.1:4566'],
])('asks %s', async (_, section, endpoint) => {
  expect(await endpointOf(section as unknown as Record<string, string>)).toBe(endpoint)
})

test('"previousKeys" and "grantTokens" are separated by commas', async () => {
  const previousKeys = [KEY, KEY.replace('eu-central-1', 'eu-west-1')]
  const section = { key: KEY, previousKeys: previousKeys.join(', '), grantTokens: 'a,b,' }
  expect(await connectAwsClient(section)).toMatchObject({ previousKeys, grantTokens: ['a', 'b'] })
  expect(await connectAwsClient({ key: KEY })).toMatchObject({ previousKeys: [], grantTokens: [] })
})

test.each([
  ['no key', { region: 'eu-west-1' }, /"key" is missing/],
  ['an unknown option', { key: KEY, keys: KEY }, /unknown option "keys"; expected one of key, region/],
  ['an option that is no text', { key: KEY, region: 1 }, /"region" must be text/],
  ['an option that is empty', { key: KEY, region: '' }, /"region" must be text/],
  ['"fips" that is neither', { key: KEY, fips: 'false' }, /"fips" must be true/],
  ['"fips" with an endpoint', { key: KEY, fips: 'true', endpoint: 'http://a' }, /expected no "endpoint"/],
  ['an alias among "previousKeys"', { key: KEY, previousKeys: `${KEY},alias/a` }, /key ARNs .*found "alias\/a"/],
])('refuses %s', async (_, section, message) => {
  expect((await assertRejects(connectAws(section), 'ERR_CONFIGURATION')).message).toMatch(message)
})

test('an unknown option of AwsProvider is refused', async () => {
  const { client, region, key } = await connectAwsClient({ key: KEY })
  const options = { client, region, key, previouskeys: [] }
  expect(() => new AwsProvider(options)).toThrow('unknown option "previouskeys"')
})

describe('in an application', () => {
  const SCRIPT = `
import { connectAws } from 'waxseal/providers/aws'
console.log(await connectAws({ key: process.env.KEY }).then(({ name }) => name, ({ code, message }) => code + ': ' + message))
`
  // Packages of AWS are found beside the package under test, whatever the application has.
  const NO_SDK = `
import { register } from 'node:module'
const resolve = (name, context, next) => {
  if (name.startsWith('@aws-sdk/')) throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' })
  return next(name, context)
}
register('data:text/javascript,' + encodeURIComponent('export const resolve = ' + resolve))
`
  let application: Project

  beforeAll(() => {
    application = project({ 'connect.js': SCRIPT, 'no-sdk.js': NO_SDK }, ['@aws-sdk/client-kms'])
  })
  afterAll(() => application?.remove())

  const run = async (env: Record<string, string>, args: readonly string[] = []) => {
    const { folder: cwd } = application
    const { stdout } = await runNode(['--no-warnings', ...args, 'connect.js'], { cwd, env: { HOME: cwd, ...env } })
    return stdout.trim()
  }

  test('a key id without a region is refused with what to set', async () => {
    expect(await run({ KEY: 'alias/a' })).toMatch(/^ERR_CONFIGURATION: .*no region; set the option "region"/)
    expect(await run({ KEY: 'alias/a', AWS_REGION: 'eu-west-1' })).toBe('aws')
  })

  test('SDK not installed: the error says what to install', async () => {
    const expected = /^ERR_CONFIGURATION: .*npm install @aws-sdk\/client-kms/
    expect(await run({ KEY }, ['--import', './no-sdk.js'])).toMatch(expected)
  })
})
