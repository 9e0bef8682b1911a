import type { AccessFinding } from '../../src/kms/access.js'
import type { AzureKey, AzureRotationPolicy } from './client.js'
import type { AzureAnswer } from './reported.js'

const USES = { RSA: ['wrapKey', 'unwrapKey'], EC: ['sign'] } as const
const [SMALLEST_RSA_BITS, SOON_MS] = [2_048, 30 * 86_400_000] as const

/** Whether the key is of the right type and usable, now and in a month. */
export function suitability(name: string, family: 'RSA' | 'EC', found: AzureKey, now = Date.now()): AccessFinding[] {
  const { kty = 'unknown', n, crv } = found.key ?? {}
  const { enabled, notBefore, expiresOn } = found.properties
  const lacking = USES[family].filter((use) => found.keyOperations?.includes(use) === false)
  const [bits, expiresMs] = [(n?.length ?? 0) * 8, expiresOn?.getTime() ?? Number.POSITIVE_INFINITY]
  const problems = [
    ...(kty.replace(/-HSM$/, '') !== family ? [`its type is ${kty}, expected ${family}`] : []),
    ...(family === 'RSA' && bits < SMALLEST_RSA_BITS ? [`it has ${bits} bits, expected ${SMALLEST_RSA_BITS}`] : []),
    ...(family === 'EC' && crv !== 'P-256' ? [`its curve is ${crv}, expected P-256`] : []),
    ...(enabled === false ? ['its current version is disabled'] : []),
    ...(notBefore && notBefore.getTime() > now ? ['its current version is not yet valid'] : []),
    ...(expiresMs <= now ? ['its current version has expired'] : []),
    ...(lacking.length > 0 ? [`its key_ops lack ${lacking.join(', ')}`] : []),
  ]
  if (problems.length > 0) {
    const remedy = 'configure an RSA key that wraps and unwraps, and an EC P-256 key that signs, both enabled'
    return [{ code: 'KEK_UNSUITABLE', message: `${name}: ${problems.join('; ')}`, remedy }]
  }
  if (expiresMs > now + SOON_MS) return []
  const message = `${name}: its current version expires within a month, on ${expiresOn?.toISOString().slice(0, 10)}`
  return [{ code: 'KEK_NOT_ROTATED', message, remedy: `az keyvault key rotate --name ${name} --vault-name <vault>` }]
}

/** Whether the vault rotates the key by itself. */
export function rotation(name: string, policy: AzureAnswer<AzureRotationPolicy>): AccessFinding[] {
  if ('refusal' in policy) {
    const message = `whether automatic rotation is on: getKeyRotationPolicy answered ${policy.refusal.status}`
    return [{ code: 'ACCESS_UNPROVEN', message, remedy: 'an auditor may ask; others do without' }]
  }
  const { lifetimeActions = [] } = policy.result
  if (lifetimeActions.some(({ action }) => action === 'Rotate')) return []
  const remedy = `az keyvault key rotation-policy update --name ${name} --vault-name <vault> --value <policy.json>`
  return [{ code: 'KEK_NOT_ROTATED', message: `${name}: automatic rotation is off`, remedy }]
}
