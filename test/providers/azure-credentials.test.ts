import { chmodSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { type Project, project, runNode } from '../setup/cli.js'

/** That of the vault, as its challenge says. */
const TENANT = '00000000-0000-0000-0000-000000000000'
/** There is no such key: the question is who asks for it. */
const SCRIPT = `
import { connectAzure } from 'waxseal/providers/azure'
const { WAXSEAL_AZURE_VAULT_URL: vaultUrl, WAXSEAL_AZURE_CA_FILE: caFile, SECTION } = process.env
const provider = await connectAzure({ vaultUrl, caFile, key: 'none', unsigned: 'true', ...JSON.parse(SECTION) })
console.log(await provider.currentKek({}).catch(({ code }) => code))
`
/** Whoever is asked for answers with a token that the test server takes for the name of an identity. */
const AZ = `#!/bin/sh
while [ "$1" != --tenant ]; do shift; done
echo "{ \\"accessToken\\": \\"of-$2\\", \\"expires_on\\": 4000000000 }"
`
const managedIdentities = createServer((request, response) => {
  const { searchParams } = new URL(request.url as string, 'http://localhost')
  const token = { access_token: `of-${searchParams.get('client_id')}`, expires_on: '4000000000' }
  response.setHeader('content-type', 'application/json').end(JSON.stringify(token))
})

let server: TestKmsServer
let application: Project

beforeAll(async () => {
  server = await startTestKms('azure')
  application = project({ 'connect.js': SCRIPT, az: AZ }, ['@azure/keyvault-keys', '@azure/identity'])
  chmodSync(join(application.folder, 'az'), 0o755)
  await new Promise<Server>((resolve) => managedIdentities.listen(0, '127.0.0.1', () => resolve(managedIdentities)))
})
afterAll(async () => {
  application?.remove()
  managedIdentities.close()
  await server.close()
})

/** The code of the refusal, and whose token came with the question. */
async function asked(section: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>) {
  const { folder: cwd } = application
  const { environment } = server
  const set = {
    ...environment,
    ...env,
    SECTION: JSON.stringify(section),
    PATH: `${cwd}${delimiter}${process.env['PATH']}`,
  }
  const { stdout, stderr } = await runNode(['connect.js'], { cwd, env: { HOME: cwd, ...set } })
  return [stdout.trim() || stderr, server.calls.at(-1)?.identity]
}

test('"tenantId" is the only tenant whose tokens are taken', async () => {
  const env = { AZURE_TOKEN_CREDENTIALS: 'AzureCliCredential' }
  expect(await asked({ tenantId: TENANT }, env)).toEqual(['ERR_KEK_UNAVAILABLE', `of-${TENANT}`])
  const another = { tenantId: '11111111-1111-1111-1111-111111111111' }
  expect(await asked(another, env)).toEqual(['ERR_KMS_ACCESS_DENIED', 'nobody'])
})

test('"clientId" is the managed identity whose token is asked for', async () => {
  const { port } = managedIdentities.address() as AddressInfo
  const IDENTITY_ENDPOINT = `http://127.0.0.1:${port}/token`
  const env = { AZURE_TOKEN_CREDENTIALS: 'prod', IDENTITY_ENDPOINT, IDENTITY_HEADER: 'test' }
  expect(await asked({ clientId: 'writer' }, env)).toEqual(['ERR_KEK_UNAVAILABLE', 'of-writer'])
})
