import type { CallOptions } from '../../src/kms/provider.js'
import type { VaultClient } from './client.js'
import { contentOf, exchange, incomplete, type VaultData } from './exchange.js'

export interface IssuedToken {
  readonly token: string
  /** How long it is good for. 0: for ever, or nobody knows. */
  readonly ttlMs: number
  readonly renewable: boolean
}

/** Where tokens come from. */
export interface TokenSource {
  /** Whether there could be another one when a token is no longer good. */
  readonly isReplaceable: boolean
  obtain(client: VaultClient, options: CallOptions): Promise<IssuedToken>
}

export interface AppRoleCredentials {
  readonly roleId: string
  readonly secretId: string
}

/** A token that somebody else issued. `read` is asked anew when it ends, which is of use if it is a file that an agent keeps. */
export function givenToken(read: () => Promise<string>, isReplaceable: boolean): TokenSource {
  return {
    isReplaceable,
    async obtain(client, options) {
      const token = await read()
      const request = { method: 'GET', path: 'auth/token/lookup-self', token } as const
      const call = { operation: 'auth/token/lookup-self' }
      const reply = await exchange(client, request, call, options)
      // A token that may not ask about itself can still be good for the key.
      if (reply.status !== 200) return { token, ttlMs: 0, renewable: false }
      const { ttl, renewable } = contentOf(reply, call)
      return { token, ttlMs: millisecondsOf(ttl), renewable: renewable === true }
    },
  }
}

/** A login by AppRole, mounted at `auth/<mount>`. https://openbao.org/api-docs/auth/approle/ */
export function appRole(read: () => Promise<AppRoleCredentials>, mount = 'approle'): TokenSource {
  return {
    isReplaceable: true,
    async obtain(client, options) {
      const { roleId, secretId } = await read()
      const body = { role_id: roleId, secret_id: secretId }
      const call = { operation: `auth/${mount}/login` }
      const reply = await exchange(client, { method: 'POST', path: call.operation, body }, call, options)
      const auth = contentOf(reply, call, 'auth')
      if (typeof auth['client_token'] !== 'string') throw incomplete(call)
      return { token: auth['client_token'], ...leaseOf(auth) }
    },
  }
}

/** The lease of the token, renewed; undefined where the KMS will not. */
export async function renewed(
  client: VaultClient,
  token: string,
  options: CallOptions,
): Promise<Omit<IssuedToken, 'token'> | undefined> {
  const call = { operation: 'auth/token/renew-self' }
  const reply = await exchange(client, { method: 'POST', path: call.operation, token, body: {} }, call, options)
  return reply.status === 200 ? leaseOf(contentOf(reply, call, 'auth')) : undefined
}

function leaseOf(auth: VaultData): Omit<IssuedToken, 'token'> {
  return { ttlMs: millisecondsOf(auth['lease_duration']), renewable: auth['renewable'] === true }
}

function millisecondsOf(seconds: unknown): number {
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : 0
}
