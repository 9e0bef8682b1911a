import { createHash, randomBytes } from 'node:crypto'
import { type AccessFinding, type AccessRole, judgePermissions, type Permission } from '../../src/kms/access.js'
import type { CallOptions } from '../../src/kms/provider.js'
import type { AzureCallOptions, AzureCryptography } from './client.js'
import { connectAzureClient } from './connect.js'
import { rotation, suitability } from './examine-key.js'
import { kekIdOf } from './key-names.js'
import { type AzureAnswer, type AzureRefusal, type Operation, refused, reported } from './reported.js'

type Ask = <T>(
  operation: Operation,
  name: string,
  call: (passed: AzureCallOptions) => Promise<T>,
) => Promise<AzureAnswer<T>>

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
  options: CallOptions,
): Promise<readonly AccessFinding[]> {
  const { client, key, signingKey, unsigned } = await connectAzureClient(section)
  const found = new Map<string, Permission>()
  const ask: Ask = async (operation, name, call) => {
    const answer = await reported(operation, kekIdOf(client.vaultUrl, name), options, call)
    // Who was not answered knows nothing.
    if ('refusal' in answer && !answer.refusal.replied) throw refused(operation, answer.refusal)
    return answer
  }
  const mayDo = <T>(what: string, answer: AzureAnswer<T>): T | undefined => {
    found.set(what, 'result' in answer ? 'yes' : permissionOf(answer.refusal))
    return 'result' in answer ? answer.result : undefined
  }
  const clientOf = (name: string, version: string): AzureCryptography => {
    const properties = { vaultUrl: client.vaultUrl, name, version }
    return client.cryptographyOf({ id: `${client.vaultUrl}/keys/${name}${version && `/${version}`}`, name, properties })
  }
  const getKey = (name: string) => ask('getKey', name, (passed) => client.keys.getKey(name, passed))
  const kek = mayDo('get key', await getKey(key))
  const kekClient = clientOf(key, kek?.properties.version ?? '')
  const wrap = (passed: AzureCallOptions) => kekClient.wrapKey(KEK_ALGORITHM, randomBytes(CANARY_BYTES), passed)
  const canary = mayDo('wrapKey', await ask('wrapKey', key, wrap))?.result ?? randomBytes(RSA_BYTES)
  const unwrap = (passed: AzureCallOptions) => kekClient.unwrapKey(KEK_ALGORITHM, canary, passed)
  mayDo('unwrapKey', await ask('unwrapKey', key, unwrap))
  const policy = (passed: AzureCallOptions) => client.getKeyRotationPolicy(key, passed)
  const findings = kek
    ? [...suitability(key, 'RSA', kek), ...rotation(key, await ask('getKeyRotationPolicy', key, policy))]
    : []
  if (signingKey !== undefined) {
    const signer = mayDo('get signing key', await getKey(signingKey))
    const digest = createHash('sha256').update('waxseal-doctor').update(randomBytes(CANARY_BYTES)).digest()
    const signerClient = clientOf(signingKey, signer?.properties.version ?? '')
    const sign = (passed: AzureCallOptions) => signerClient.sign('ES256', digest, passed)
    mayDo('sign', await ask('sign', signingKey, sign))
    if (signer) findings.push(...suitability(signingKey, 'EC', signer))
  }
  if (unsigned) findings.push(unsignedFinding(signingKey))
  const needs = NEEDS[role].filter((each) => signingKey !== undefined || !['get signing key', 'sign'].includes(each))
  return [...findings, ...judgePermissions({ provider: 'azure', role, needs, found, harmless: HARMLESS })]
}

function permissionOf({ failure, status }: AzureRefusal): Permission {
  if (failure === 'denied') return 'no'
  return status === 'BadParameter' ? 'yes' : 'unknown'
}

function unsignedFinding(signingKey: string | undefined): AccessFinding {
  const opens = '"unsigned" is set: a wrap that anyone made with the public key opens'
  return signingKey === undefined
    ? { code: 'WRAPS_UNSIGNED', message: opens, remedy: 'make an EC P-256 key in the vault and set "signingKey"' }
    : { code: 'WRAPS_UNSIGNED', message: opens, remedy: 'rewrap all rows, then take "unsigned" away' }
}
