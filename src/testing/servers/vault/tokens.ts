import { randomBytes } from 'node:crypto'
import { VaultRefusal } from './vault-refusal.js'

const LEASE_SECONDS = 3_600
/** Of a token of this server, however often it is renewed. */
const MAX_SECONDS = 4 * LEASE_SECONDS

interface Issued {
  readonly createdAt: number
  endsAt: number
}

/**
 * Tokens that were logged in here end, by the server's clock; any other is taken at its word and never ends. Any role id and
 * secret id will do but an empty one.
 */
export class Tokens {
  readonly #issued = new Map<string, Issued>()

  login(request: Readonly<Record<string, unknown>>, now: number): object {
    if (!request['role_id'] || !request['secret_id']) throw new VaultRefusal(400, 'invalid role or secret ID')
    const token = `s.${randomBytes(18).toString('base64url')}`
    this.#issued.set(token, { createdAt: now, endsAt: now + LEASE_SECONDS * 1_000 })
    return { client_token: token, lease_duration: LEASE_SECONDS, renewable: true }
  }

  assertValid(token: string, now: number): void {
    const { endsAt = Number.POSITIVE_INFINITY } = this.#issued.get(token) ?? {}
    if (token === '' || now >= endsAt) throw new VaultRefusal(403, 'permission denied')
  }

  describe(token: string, now: number): object {
    const issued = this.#issued.get(token)
    return { ttl: issued ? secondsUntil(issued.endsAt, now) : 0, renewable: issued !== undefined }
  }

  renew(token: string, now: number): object {
    const issued = this.#issued.get(token)
    if (!issued) throw new VaultRefusal(400, 'lease is not renewable')
    issued.endsAt = Math.min(now + LEASE_SECONDS * 1_000, issued.createdAt + MAX_SECONDS * 1_000)
    return { client_token: token, lease_duration: secondsUntil(issued.endsAt, now), renewable: true }
  }
}

function secondsUntil(end: number, now: number): number {
  return Math.floor((end - now) / 1_000)
}
