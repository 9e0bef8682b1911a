import type { ProviderTrail } from '../../src/audit/trail/provider-trail.js'
import { normalizeGcp } from './trail/normalize.js'

/** What `wrap` sends: the look-up of the primary version, unless it is known, and the encryption. */
const WRAP = ['GetCryptoKey', 'Encrypt']

/** Cloud Audit Logs of Cloud KMS. */
export const gcpTrail: ProviderTrail = {
  logName: 'Cloud Audit Logs',
  cloudOf(scope) {
    const [, project] = scope.split('/')
    return { provider: 'GCP', ...(project && { project_uid: project }) }
  },
  normalize: normalizeGcp,
  scopeOf: ({ id }) => /^projects\/[^/]+(?=\/)/.exec(id)?.[0],
  kekIdOf: ({ id }) => id,
  requests: {
    currentKek: ['GetCryptoKey'],
    generateDataKey: WRAP,
    wrap: WRAP,
    unwrap: ['Decrypt'],
    rewrap: ['Decrypt', ...WRAP],
    sign: ['AsymmetricSign'],
    examine: ['GetCryptoKey', 'GetIamPolicy', 'GetPublicKey'],
    authenticate: [],
  },
  // Only where Cloud KMS writes the reason of a request into its log; otherwise counting is what is left.
  identifies: ['token'],
  isLedgerOnly: false,
  showsContext: false,
  delays: { suspectAfterMs: 5 * 60_000, missingAfterMs: 24 * 3_600_000, absence: 'not seen in the audit logs' },
  expected: [],
  limits: [
    'Uses of keys are data access logs, which are off until somebody switches them on; then nothing is known of the time before.',
    'No entry has the id of a request. Where the reason of a request is not logged, calls are counted and not paired.',
    'The additional authenticated data is not logged: an entry does not say for which row a key was used.',
    'Principals that a policy exempts leave no entries.',
    'A sink of a folder or an organisation that intercepts entries is not looked at.',
    'A key that is configured by the number of its project is logged by its id: configure the id.',
    'Entries carry no signature: what was removed before it was read cannot be told from what never happened.',
  ],
  readers: {
    'entries-list': async (section) => (await import('./trail/entries-reader.js')).connectEntriesReader(section),
  },
}
