import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DataKey } from '../../../src/kms/data-key.js'
import { CONTEXT, untilBeat, useLedger } from './ledger-suite.js'

const suite = useLedger()

/** What happens between the calls, and while they are under way. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('unwrap', 'wrap', 'currentKek' as const) },
  { weight: 2, arbitrary: fc.constantFrom('shut', 'open' as const) },
  { weight: 2, arbitrary: fc.constantFrom('cut before', 'cut after' as const) },
  { weight: 1, arbitrary: fc.constantFrom('terminate', 'settle' as const) },
)

test('whatever happens to Postgres, what was sent is stored once, and nothing is stored that was not begun', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const { proxy, connection } = await suite.proxied()
      const { ledger, kms, provider, clock } = await suite.open({ connection, journal: suite.folder() })
      const { wrapped } = await kms.generateDataKey(CONTEXT)
      kms.clearCalls()
      let calls: Promise<unknown>[] = []
      const settle = () => Promise.all(calls.splice(0))
      const actions: Record<(typeof steps)[number], () => unknown> = {
        unwrap: () => calls.push(provider.unwrap(wrapped, CONTEXT)),
        wrap: () => calls.push(provider.wrap(DataKey.generate(), CONTEXT)),
        currentKek: () => calls.push(provider.currentKek(CONTEXT)),
        shut: () => proxy.shut(),
        open: () => proxy.open(),
        'cut before': () => proxy.cut('INSERT INTO waxseal.ledger', 'before'),
        'cut after': () => proxy.cut('INSERT INTO waxseal.ledger', 'after'),
        terminate: () =>
          suite.database.client.query(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
            [`waxseal ledger ${ledger.writer}`],
          ),
        settle,
      }
      for (const each of steps) await actions[each]()
      await settle()
      calls = []
      proxy.open()
      await untilBeat(clock, () => {
        const { isAway, replayed, journalled } = ledger.statistics
        return !isAway && replayed === journalled
      })
      await ledger.close()
      const stored = await suite.attempts(ledger.writer)
      expect(stored.map(({ id }) => id).sort()).toEqual(kms.calls.map(({ callToken }) => callToken).sort())
      expect(stored.every(({ ends }) => ends.length === 1)).toBe(true)
      expect(ledger.statistics).toMatchObject({ unrecorded: 0, damaged: 0 })
    }),
    { numRuns: 15 },
  )
})
