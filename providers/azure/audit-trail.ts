import type { ProviderTrail } from '../../src/audit/trail/provider-trail.js'
import { expectedAzure } from './trail/expected.js'
import { normalizeAzure } from './trail/normalize.js'

/** The version of each key is looked up unless it is known; what was wrapped is signed. */
const WRAP = ['KeyGet', 'KeyWrap', 'KeySign']
/** The public key of the signature's version is looked up unless it is known. */
const UNWRAP = ['KeyGet', 'KeyUnwrap']

/** The audit log of a Key Vault or a Managed HSM, by its diagnostic settings. */
export const azureTrail: ProviderTrail = {
  logName: 'Azure Monitor',
  cloudOf: () => ({ provider: 'Azure' }),
  normalize: normalizeAzure,
  scopeOf: ({ id }) => /^[^/]+(?=\/)/.exec(id)?.[0],
  kekIdOf: ({ id }) => id,
  requests: {
    currentKek: ['KeyGet'],
    generateDataKey: WRAP,
    wrap: WRAP,
    unwrap: UNWRAP,
    rewrap: [...UNWRAP, 'KeyWrap', 'KeySign'],
    sign: ['KeySign'],
    examine: ['KeyGet', 'KeyWrap', 'KeyUnwrap', 'KeyRotationPolicyGet', 'KeyGet', 'KeySign'],
    authenticate: [],
  },
  identifies: ['request-id', 'token'],
  isLedgerOnly: false,
  showsContext: false,
  delays: {
    suspectAfterMs: 20 * 60_000,
    missingAfterMs: 48 * 3_600_000,
    absence: "not seen; the provider's logs may lose entries",
  },
  expected: expectedAzure,
  limits: [
    'Nothing is logged until a diagnostic setting sends the category AuditEvent somewhere; one that was off meanwhile is not seen.',
    'Azure does not promise that its resource logs are complete: a missing entry proves nothing.',
    'Records have no id of their own; two that are equal in everything are one event here.',
    'KeyUpdate is logged without what it changed: a key that is disabled looks like one that is renamed.',
    'What a wrap is bound to is not logged: a record does not say for which row a key was used.',
    'Role assignments and diagnostic settings are in the Activity Log, which only a workspace that collects it has.',
  ],
  readers: {
    'log-analytics': async (section) => (await import('./trail/workspace-reader.js')).connectWorkspaceReader(section),
    'blob-export': async (section) => (await import('./trail/blob-reader.js')).connectBlobReader(section),
  },
}
