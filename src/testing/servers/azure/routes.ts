import type { IncomingMessage } from 'node:http'

export interface Route {
  /** As the audit log of Key Vault spells it. */
  readonly operation: string
  readonly name: string
  readonly version: string
}

const USES: Readonly<Record<string, string>> = {
  encrypt: 'KeyEncrypt',
  decrypt: 'KeyDecrypt',
  sign: 'KeySign',
  verify: 'KeyVerify',
  wrapkey: 'KeyWrap',
  unwrapkey: 'KeyUnwrap',
}

/** By method and what stands behind the key's name. */
const OF_KEY: Readonly<Record<string, string>> = {
  'GET rotationpolicy': 'KeyRotationPolicyGet',
  'PUT rotationpolicy': 'KeyUpdateRotationPolicy',
  'GET versions': 'KeyListVersions',
  'POST create': 'KeyCreate',
  'POST rotate': 'KeyRotate',
}

/** https://learn.microsoft.com/rest/api/keyvault/keys/operation-groups */
export function routeOf({ method = 'GET', url = '/' }: IncomingMessage): Route {
  // A version may be left out between two slashes.
  const [, collection, name = '', third = '', fourth = ''] = new URL(url, 'https://vault').pathname.split('/')
  const route = (operation: string, version = '') => ({ operation, name, version })
  if (collection === 'deletedkeys') {
    return route(
      method === 'POST' && third === 'recover' ? 'KeyRecover' : method === 'GET' ? 'KeyGetDeleted' : 'unknown',
    )
  }
  if (collection !== 'keys' || name === '') return route('unknown')
  const ofKey = OF_KEY[`${method} ${third}`]
  if (ofKey !== undefined) return route(ofKey)
  if (method === 'POST') return route(USES[fourth] ?? 'unknown', third)
  if (method === 'PATCH') return route('KeyUpdate', third)
  if (method === 'DELETE') return route('KeyDelete')
  return route(method === 'GET' ? 'KeyGet' : 'unknown', third)
}
