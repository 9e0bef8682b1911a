import type { ProviderTrail } from '../../src/audit/trail/provider-trail.js'
import { auditFile } from './trail/audit-file.js'
import { normalizeVault } from './trail/normalize.js'

/** The audit log of Vault or OpenBao, as its file device writes it. */
export const vaultTrail: ProviderTrail = {
  logName: 'Vault audit device',
  cloudOf: () => undefined,
  normalize: normalizeVault,
  // Neither a KEK ref nor a line says which server it was.
  scopeOf: () => undefined,
  kekIdOf: ({ id }) => id,
  requests: {
    currentKek: ['transit/keys'],
    generateDataKey: ['transit/keys', 'transit/datakey'],
    wrap: ['transit/keys', 'transit/encrypt'],
    unwrap: ['transit/decrypt'],
    rewrap: ['transit/keys', 'transit/rewrap', 'transit/decrypt', 'transit/encrypt'],
    sign: ['transit/sign'],
    examine: [
      'transit/keys',
      'transit/datakey',
      'transit/encrypt',
      'transit/decrypt',
      'transit/rewrap',
      'transit/keys',
    ],
    authenticate: ['auth/token/renew-self'],
  },
  identifies: ['request-id', 'token'],
  isLedgerOnly: false,
  showsContext: false,
  delays: {
    suspectAfterMs: 60_000,
    missingAfterMs: 5 * 60_000,
    absence: 'not in the audit log, though Vault answers nobody before it is written',
  },
  // Of everybody who uses the server, and of our own where nobody waits for the answer, such as a renewal.
  expected: [{ id: 'vault-login/1', matches: ({ operationClass }) => operationClass === 'authentication' }],
  limits: [
    'The context is an HMAC: whether two calls had the same can be seen, not which one.',
    'A decryption does not say which version of the key it used.',
    'Who may write the file can write lines into it: nothing signs them.',
    'With all audit devices disabled Vault logs nothing and works on; that they were disabled is the last line.',
    'A refusal before the request was understood, such as of a sealed server or by a rate limit, makes no line.',
  ],
  readers: { 'audit-file': async (section) => auditFile(section) },
}
