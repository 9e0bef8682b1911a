import { networkCodeOf, type VendorFailure } from '../../src/kms/vendor-failure.js'
import { VAULT_TIMEOUT, type VaultReply } from './client.js'

export interface VaultFailure {
  readonly failure: VendorFailure
  /** What messages say, from a fixed set: what Vault says can repeat what it was sent. */
  readonly status: string
}

interface Refusal extends VaultFailure {
  readonly code: number
  readonly says: RegExp
}

/**
 * Vault has no error codes, only HTTP statuses and English. By status and the first of `errors`, the first that fits; texts
 * are those of Vault and OpenBao, https://github.com/openbao/openbao/tree/main/builtin/logical/transit
 */
const REFUSALS: readonly Refusal[] = [
  refusal(400, /message authentication failed/, 'not opened', 'authentication failed'),
  refusal(400, /^invalid ciphertext/, 'not opened', 'invalid ciphertext'),
  refusal(400, /too old/, 'kek unavailable', 'version below min_decryption_version'),
  refusal(400, /encryption key not found/, 'kek unavailable', 'key not found'),
  // To our `encrypt`, which names a type that there is not so that no key is created.
  refusal(400, /unknown key type/, 'kek unavailable', 'key not found'),
  refusal(400, /soft-deleted key/, 'kek unavailable', 'key soft-deleted'),
  refusal(400, /invalid (role|secret)|role or secret/, 'denied', 'login refused'),
  refusal(404, /no handler for route/, 'kek unavailable', 'mount not found'),
  refusal(404, /namespace not found/, 'kek unavailable', 'namespace not found'),
  refusal(503, /sealed/, 'server', 'sealed'),
]

/** Where the text says no more. https://developer.hashicorp.com/vault/api-docs#http-status-codes */
const STATUSES: Readonly<Record<number, VendorFailure>> = {
  401: 'denied',
  403: 'denied',
  404: 'kek unavailable',
  // The node has not caught up with the state that the caller saw.
  412: 'server',
  429: 'throttled',
  // Standbys that do not serve.
  472: 'server',
  473: 'server',
}

export function failureOfReply({ status, body }: VaultReply): VaultFailure {
  const [says] = (body as { errors?: unknown[] } | undefined)?.errors ?? []
  return failureOf(status, says)
}

/** `says`: the first of `errors`, or the `error` of an item of a batch, which has no status of its own and counts as 400. */
export function failureOf(code: number, says: unknown): VaultFailure {
  const text = typeof says === 'string' ? says : ''
  const known = REFUSALS.find((each) => each.code === code && each.says.test(text))
  if (known) return { failure: known.failure, status: `status ${code} (${known.status})` }
  const failure = STATUSES[code] ?? (code >= 500 ? 'server' : 'misconfigured')
  return { failure, status: `status ${code}` }
}

/** Of an error of the client: nothing, or nothing complete, came back. */
export function failureOfNoReply(error: unknown): VaultFailure {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: string }
  if (code === VAULT_TIMEOUT) return { failure: 'timeout', status: `nothing: ${message}` }
  const network = networkCodeOf(error)
  if (network !== undefined) return { failure: 'network', status: network }
  const isTls = typeof code === 'string' && /CERT|SIGNATURE|TLS|SSL|EPROTO/.test(code)
  return { failure: 'misconfigured', status: isTls ? 'a certificate that is not trusted, or no TLS' : 'no valid reply' }
}

function refusal(code: number, says: RegExp, failure: VendorFailure, status: string): Refusal {
  return { code, says, failure, status }
}
