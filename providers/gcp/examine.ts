import { type AccessFinding, type AccessRole, judgePermissions } from '../../src/kms/access.js'
import type { CallOptions } from '../../src/kms/provider.js'
import { closeClient, type GcpCryptoKey, operationsOf } from './client.js'
import { connectGcpClient } from './connect.js'
import type { GcpFailure } from './errors.js'
import { NEEDS, POWERS } from './permissions.js'
import { headersOf, refusalOf, reported } from './reported.js'

const TIMEOUT_MS = 4_000

/** Asks Cloud KMS which permissions this identity has on the key, which uses nothing, and looks at the key. */
export async function examineGcp(
  section: Readonly<Record<string, unknown>>,
  role: AccessRole,
  options: CallOptions,
): Promise<readonly AccessFinding[]> {
  const { client, key } = await connectGcpClient(section)
  const passed = (name: string) => {
    const headers = headersOf(`${name}=${encodeURIComponent(key)}`, options)
    return { timeout: TIMEOUT_MS, retry: null, otherArgs: { headers } }
  }
  const ask = <T>(operation: string, send: () => Promise<readonly [T, ...unknown[]]>) =>
    reported(operation, 'request', options, send).then(
      ([reply]) => reply,
      (error) => refusalOf(operation, error),
    )
  try {
    const permissions = [...new Set([...NEEDS[role], ...POWERS])]
    const request = { resource: key, permissions }
    const answer = await ask('TestIamPermissions', async () => {
      await client.initialize()
      return client.testIamPermissions(request, passed('resource'))
    })
    if ('failure' in answer) {
      const message = `which permissions this identity has on "${key}": TestIamPermissions answered ${answer.status}`
      const remedy = 'mend the credentials, the endpoint or the name of the key, and run it again'
      return [{ code: 'ACCESS_UNPROVEN', message, remedy }]
    }
    const { permissions: granted } = answer
    const found = new Map(permissions.map((each) => [each, granted?.includes(each) ? 'yes' : 'no'] as const))
    const operations = await operationsOf(client)
    const described = await ask('GetCryptoKey', () => operations.getCryptoKey({ name: key }, passed('name')))
    const findings = 'failure' in described ? notSeen(key, described) : suitability(key, described)
    return [...judgePermissions({ provider: 'gcp', role, needs: NEEDS[role], found }), ...findings]
  } finally {
    await closeClient(client)
  }
}

function suitability(key: string, { purpose, primary, rotationPeriod }: GcpCryptoKey): AccessFinding[] {
  const level = primary?.protectionLevel ?? ''
  const problems = [
    ...(purpose !== 'ENCRYPT_DECRYPT' ? [`its purpose is ${purpose}, expected ENCRYPT_DECRYPT`] : []),
    ...(primary ? [] : ['it has no primary version']),
    ...(primary && primary.state !== 'ENABLED' ? [`its primary version is ${primary.state}, expected ENABLED`] : []),
    // Its owner's key manager is asked with each call: another thing that can fail, and no less trusted.
    ...(level.startsWith('EXTERNAL') ? [`its protection level is ${level}, expected SOFTWARE or HSM`] : []),
  ]
  const findings: AccessFinding[] = []
  if (problems.length > 0) {
    const remedy = 'configure a key for symmetric encryption whose primary version is enabled'
    findings.push({ code: 'KEK_UNSUITABLE', message: `${key}: ${problems.join('; ')}`, remedy })
  }
  if (!rotationPeriod) {
    const [, project, , location, , ring, , name] = key.split('/')
    const remedy =
      `gcloud kms keys update ${name} --keyring=${ring} --location=${location} --project=${project} ` +
      '--rotation-period=90d --next-rotation-time=+p90d'
    findings.push({ code: 'KEK_NOT_ROTATED', message: `${key}: no rotation period is set`, remedy })
  }
  return findings
}

function notSeen(key: string, { status }: GcpFailure): AccessFinding[] {
  const message = `purpose, state and rotation of "${key}": GetCryptoKey answered ${status}`
  return [{ code: 'ACCESS_UNPROVEN', message, remedy: 'all roles but the reader may ask; a reader does without' }]
}
