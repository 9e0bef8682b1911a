import { generateKeyPairSync, type KeyObject, randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { OAuthTokens } from './credential.js'

/** Secrets in the shapes that shops, marketplaces and providers hand out. Random: none was ever valid anywhere. */

export const hex = (bytes: number) => randomBytes(bytes).toString('hex')
export const base64url = (bytes: number) => randomBytes(bytes).toString('base64url')

export const shopApiKey = () => `demo_shop_${hex(16)}`
export const webhookSecret = () => `demo_whsec_${base64url(24)}`
export const marketplaceKeyPair = () => `DEMO${hex(8).toUpperCase()}:${randomBytes(30).toString('base64')}`
export const clientSecret = () => `${randomUUID()}.${base64url(30)}`

export function connectionString(host: string): string {
  const [scheme, port] = [
    ['postgres', 5432],
    ['amqps', 5671],
    ['rediss', 6380],
    ['smtps', 465],
  ][randomInt(4)] as [string, number]
  // Percent-encoded, as a password with a slash, a colon or an at sign must be.
  return `${scheme}://shop:${encodeURIComponent(randomBytes(18).toString('base64'))}@db.${host}:${port}/orders?sslmode=require`
}

const PHRASES = [
  'Zürich–Köln',
  'キャンドル注文',
  'מפתח־ספק',
  '👩🏽‍🚀🔑',
  'naïve café',
  'ﷺ ﬁ',
  '\uFEFFwith a byte order mark',
  'e\u0301 ≠ é',
]

/** Passphrases that a careless round trip would change: composed and decomposed letters, joined emoji, a leading BOM. */
export const passphrase = () =>
  `${PHRASES[randomInt(PHRASES.length)]} ${base64url(9)} ${PHRASES[randomInt(PHRASES.length)]}`

export function oauthTokens(host: string): OAuthTokens {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: `https://login.${host}`,
    sub: hex(6),
    scope: 'orders.read orders.write',
    exp: 1_800_000_000 + randomInt(1_000_000),
  }
  return {
    access_token: `${part({ alg: 'RS256', kid: hex(4) })}.${part(claims)}.${base64url(256)}`,
    refresh_token: base64url(48),
    token_type: 'Bearer',
    expires_in: 3_600,
    scopes: ['orders.read', 'orders.write'],
    merchant: { id: randomInt(1e9), host, locale: 'de-CH' },
  }
}

/** Real keys. Ed25519, which takes no time; an RSA key takes a tenth of a second, so a few are made and handed around. */
export function privateKeys(rsa: number): () => string {
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const shared: string[] = []
  return () => {
    const index = randomInt(4 * rsa)
    if (index >= rsa) return pem(generateKeyPairSync('ed25519').privateKey)
    shared[index] ??= pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
    return shared[index]
  }
}

/** A keystore with its chain, base64 in lines as tools write it: 64 KiB to the byte. */
export function keystore(): string {
  const lines =
    randomBytes(48 * 1024)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return lines.join('\n').slice(0, 64 * 1024)
}
