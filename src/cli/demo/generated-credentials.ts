import { randomUUID } from 'node:crypto'
import type { Credential } from './credential.js'
import {
  clientSecret,
  connectionString,
  keystore,
  marketplaceKeyPair,
  oauthTokens,
  passphrase,
  privateKeys,
  shopApiKey,
  webhookSecret,
} from './generated-secrets.js'

/** Names under `.example`, which nobody can own. */
const SHOPS = [
  ['Nordlicht Kerzen', 'nordlicht.example'],
  ['Käserei am See', 'kaeserei.example'],
  ['Bicyclettes Durand', 'durand.example'],
  ['Olivar de la Abuela', 'olivar.example'],
  ['Café Łódź', 'cafe-lodz.example'],
  ['Fjord & Filt', 'fjordfilt.example'],
  ['さくら文具店', 'sakura.example'],
  ['Εργαστήρι Κεραμικής', 'keramiki.example'],
  ['Pixel Pantry', 'pixelpantry.example'],
  ['The Sock Exchange', 'socks.example'],
] as const

const RSA_KEYS = 2

type Secrets = Partial<Pick<Credential, 'webhookSecret' | 'oauth'>> & Pick<Credential, 'kind' | 'secret'>

/** As many credentials as asked for, in the mix that a service with many shops has; every hundredth is 64 KiB. */
export function generateCredentials(count: number): Credential[] {
  const tenants = SHOPS.map(() => randomUUID())
  const privateKey = privateKeys(RSA_KEYS)
  const kinds: ((host: string) => Secrets)[] = [
    () => ({ kind: 'shop API key', secret: shopApiKey(), webhookSecret: webhookSecret() }),
    (host) => ({
      kind: 'OAuth client',
      secret: clientSecret(),
      webhookSecret: webhookSecret(),
      oauth: oauthTokens(host),
    }),
    () => ({ kind: 'marketplace key pair', secret: marketplaceKeyPair() }),
    () => ({ kind: 'private key', secret: privateKey() }),
    (host) => ({ kind: 'connection string', secret: connectionString(host) }),
    () => ({ kind: 'passphrase', secret: passphrase(), webhookSecret: webhookSecret() }),
  ]
  const large = () => ({ kind: '64 KiB keystore', secret: keystore() })
  return Array.from({ length: count }, (_, index) => {
    const [shop, host] = SHOPS[index % SHOPS.length]!
    const make = index % 100 === 99 ? large : kinds[Math.floor(index / SHOPS.length) % kinds.length]!
    return { tenantId: tenants[index % SHOPS.length]!, shop, webhookSecret: null, oauth: null, ...make(host) }
  })
}
