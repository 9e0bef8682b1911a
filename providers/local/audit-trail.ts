import type { ProviderTrail } from '../../src/audit/trail/provider-trail.js'

/** There is no other place where a use of these keys could be written: the ledger is the trail. */
export const localTrail: ProviderTrail = {
  logName: 'local',
  cloudOf: () => undefined,
  normalize: () => ({ ignored: 'the local provider has no trail but the ledger' }),
  scopeOf: () => undefined,
  kekIdOf: ({ id }) => id,
  requests: {
    currentKek: [],
    generateDataKey: [],
    wrap: [],
    unwrap: [],
    rewrap: [],
    sign: [],
    examine: [],
    authenticate: [],
  },
  identifies: [],
  isLedgerOnly: true,
  showsContext: false,
  delays: { suspectAfterMs: 0, missingAfterMs: 0, absence: 'not logged anywhere but in the ledger' },
  expected: [],
  limits: [
    'The ledger is the only record of what was done with these keys; nothing outside of the process could contradict it.',
    'Whoever has read the keys uses them elsewhere and leaves no trace.',
  ],
  readers: {},
}
