import { createHash, randomBytes } from 'node:crypto'
import { type AccessFinding, type AccessRole, judgePermissions, type Permission } from '../../src/kms/access.js'
import type { AzureCryptography, AzureRawReply } from './client.js'
import { connectAzureClient } from './connect.js'
import { azureFailureOf } from './errors.js'
import { rotation, suitability } from './examine-key.js'

/** What each role has to be allowed; everything else that is asked is more than it needs. */
const NEEDS: Readonly<Record<AccessRole, readonly string[]>> = {
  writer: ['get key', 'wrapKey', 'unwrapKey', 'get signing key', 'sign'],
  reader: ['unwrapKey', 'get signing key'],
  rotator: ['get key', 'wrapKey', 'unwrapKey', 'get signing key', 'sign'],
  auditor: ['get key', 'get signing key'],
}
/** Public keys: whoever may look at them can do no more with the vault. */
const HARMLESS: readonly string[] = ['get key', 'get signing key']
const [KEK_ALGORITHM, CANARY_BYTES, RSA_BYTES] = ['RSA-OAEP-256', 64, 256] as const

/**
 * Key Vault has no dry run: a canary is wrapped and unwrapped, a digest that belongs to no row is signed. Where the canary
 * could not be wrapped, bytes that are none are unwrapped: permission is looked at before they are.
 */
export async function examineAzure(
  section: Readonly<Record<string, unknown>>,
  role: AccessRole,
): Promise<readonly AccessFinding[]> {
  const { client, key, signingKey, unsigned } = await connectAzureClient(section)
  const found = new Map<string, Permission>()
  const ask = async <T>(what: string, call: (onResponse: (reply: AzureRawReply) => void) => Promise<T>) => {
    let reply: AzureRawReply | undefined
    try {
      const result = await call((received) => (reply = received))
      found.set(what, 'yes')
      return result
    } catch (error) {
      const { failure, status } = azureFailureOf(error, reply)
      found.set(what, failure === 'denied' ? 'no' : status === 'BadParameter' ? 'yes' : 'unknown')
      return undefined
    }
  }
  const clientOf = (name: string, version: string): AzureCryptography => {
    const properties = { vaultUrl: client.vaultUrl, name, version }
    return client.cryptographyOf({ id: `${client.vaultUrl}/keys/${name}${version && `/${version}`}`, name, properties })
  }
  const kek = await ask('get key', (onResponse) => client.keys.getKey(key, { onResponse }))
  const kekClient = clientOf(key, kek?.properties.version ?? '')
  const wrapped = await ask('wrapKey', (onResponse) =>
    kekClient.wrapKey(KEK_ALGORITHM, randomBytes(CANARY_BYTES), { onResponse }),
  )
  const canary = wrapped?.result ?? randomBytes(RSA_BYTES)
  await ask('unwrapKey', (onResponse) => kekClient.unwrapKey(KEK_ALGORITHM, canary, { onResponse }))
  const findings = kek ? [...suitability(key, 'RSA', kek), ...(await rotation(client.keys, key))] : []
  if (signingKey === undefined) found.delete('get signing key')
  else {
    const signer = await ask('get signing key', (onResponse) => client.keys.getKey(signingKey, { onResponse }))
    const digest = createHash('sha256').update('waxseal-doctor').update(randomBytes(CANARY_BYTES)).digest()
    const signerClient = clientOf(signingKey, signer?.properties.version ?? '')
    await ask('sign', (onResponse) => signerClient.sign('ES256', digest, { onResponse }))
    if (signer) findings.push(...suitability(signingKey, 'EC', signer))
  }
  if (unsigned) findings.push(unsignedFinding(signingKey))
  const needs = NEEDS[role].filter((each) => signingKey !== undefined || !['get signing key', 'sign'].includes(each))
  return [...findings, ...judgePermissions({ provider: 'azure', role, needs, found, harmless: HARMLESS })]
}

function unsignedFinding(signingKey: string | undefined): AccessFinding {
  const opens = '"unsigned" is set: a wrap that anyone made with the public key opens'
  return signingKey === undefined
    ? { code: 'WRAPS_UNSIGNED', message: opens, remedy: 'make an EC P-256 key in the vault and set "signingKey"' }
    : { code: 'WRAPS_UNSIGNED', message: opens, remedy: 'rewrap all rows, then take "unsigned" away' }
}
