import { type AccessFinding, type AccessRole, judgePermissions } from '../../src/kms/access.js'
import { type GcpCryptoKey, operationsOf } from './client.js'
import { connectGcpClient } from './connect.js'
import { gcpFailureOf } from './errors.js'
import { NEEDS, POWERS } from './permissions.js'

const CALL = { timeout: 4_000, retry: null }

/** Asks Cloud KMS which permissions this identity has on the key, which uses nothing, and looks at the key. */
export async function examineGcp(
  section: Readonly<Record<string, unknown>>,
  role: AccessRole,
): Promise<readonly AccessFinding[]> {
  const { client, key } = await connectGcpClient(section)
  try {
    const operations = await operationsOf(client)
    const permissions = [...new Set([...NEEDS[role], ...POWERS])]
    const [{ permissions: granted }] = await client.testIamPermissions({ resource: key, permissions }, CALL)
    const headers = { 'x-goog-request-params': `name=${encodeURIComponent(key)}` }
    const found = new Map(permissions.map((each) => [each, granted?.includes(each) ? 'yes' : 'no'] as const))
    const described = await operations.getCryptoKey({ name: key }, { ...CALL, otherArgs: { headers } }).then(
      ([each]) => suitability(key, each),
      (error: unknown) => notSeen(key, error),
    )
    return [...judgePermissions({ provider: 'gcp', role, needs: NEEDS[role], found }), ...described]
  } catch (error) {
    const message = `which permissions this identity has on "${key}": TestIamPermissions answered ${statusOf(error)}`
    const remedy = 'mend the credentials, the endpoint or the name of the key, and run it again'
    return [{ code: 'ACCESS_UNPROVEN', message, remedy }]
  } finally {
    await client.close()
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

function notSeen(key: string, error: unknown): AccessFinding[] {
  const message = `purpose, state and rotation of "${key}": GetCryptoKey answered ${statusOf(error)}`
  return [{ code: 'ACCESS_UNPROVEN', message, remedy: 'all roles but the reader may ask; a reader does without' }]
}

function statusOf(error: unknown): string {
  return gcpFailureOf(error, 'request').status
}
