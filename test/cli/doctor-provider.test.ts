import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient } from '../providers/aws-under-test.js'
import { type Project, project, waxseal } from '../setup/cli.js'

let server: TestKmsServer
let made: Project

beforeAll(async () => {
  server = await startTestKms('aws')
  made = project({}, ['@aws-sdk/client-kms'])
})
afterAll(async () => {
  made?.remove()
  await server.close()
})

interface Finding {
  readonly section: string
  readonly code: string
  readonly message: string
}

async function doctor(args: readonly string[], config?: object) {
  const operator = awsClient(server)
  const { KeyMetadata } = await operator.createKey({})
  await operator.enableKeyRotation({ KeyId: KeyMetadata!.Arn! })
  const provider = { name: 'aws', key: KeyMetadata!.Arn!, endpoint: server.endpoint }
  made.write('waxseal.config.json', JSON.stringify(config ?? { provider }))
  const env = { ...server.environment, NODE_OPTIONS: '--no-warnings' }
  const run = await waxseal(['doctor', '--provider', '--json', ...args], { cwd: made.folder, env })
  expect(run.stderr).toBe('')
  const { findings } = JSON.parse(run.stdout) as { findings: Finding[] }
  return { status: run.status, access: findings.filter(({ section }) => section.startsWith('access')), findings }
}

test('--provider asks the KMS, without a database: a writer who may more than he needs is told', async () => {
  const { status, access, findings } = await doctor([])
  expect(status).toBe(0)
  expect(access).toMatchObject([
    { section: 'access as writer', code: 'ACCESS_EXCESSIVE', message: expect.stringContaining('provider: a writer') },
  ])
  expect(findings.map(({ code }) => code)).toContain('KEK_REACHABLE')
})

test('--role is what the identity is for: what it lacks is an error', async () => {
  server.faults.add({ fault: 'deny', operation: 'ReEncrypt' })
  const { status, access } = await doctor(['--role', 'rotator'])
  server.faults.clear()
  expect(status).not.toBe(0)
  expect(access.map(({ code }) => code)).toEqual(['ACCESS_MISSING', 'ACCESS_EXCESSIVE'])
})
