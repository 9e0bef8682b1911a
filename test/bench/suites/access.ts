import pg from 'pg'
import { openAuditLogger, withActor } from 'waxseal/audit'
import { installSchema } from 'waxseal/lifecycle'
import { startTemporaryPostgres } from 'waxseal/testing'
import { added, type Figure } from '../harness/figure.js'
import { measureRounds, synchronously } from '../harness/rounds.js'
import { localCipher } from './credential.js'
import { cycle, openWarm, storeEnvelopes } from './envelopes.js'

const ACTOR = { actor: 'user-1', tenant: 'tenant-1', purpose: 'benchmark', requestId: 'request-1', ip: '192.0.2.1' }

/** What it costs to write down each use of a data key from the cache. */
export async function access(): Promise<Figure[]> {
  const postgres = await startTemporaryPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  await installSchema(client)
  const logger = await openAuditLogger({ connection: postgres.url, capacity: 1_000_000 })
  const open = async (cipher: ReturnType<typeof localCipher>) => {
    const next = cycle(await storeEnvelopes(cipher, Buffer.from('plaintext')))
    return synchronously(() => openWarm(cipher, next()))
  }
  const bare = await open(localCipher())
  const recorded = await open(localCipher({ accessLog: logger.accessLog }))
  const inTheNameOf = (run: typeof bare) => (times: number) => withActor(ACTOR, () => run(times))
  const samples = await measureRounds(
    [
      { name: 'bare', run: inTheNameOf(bare) },
      { name: 'recorded', run: inTheNameOf(recorded) },
      {
        name: 'stored',
        async run(times) {
          await inTheNameOf(recorded)(times)
          await logger.flush()
        },
      },
    ],
    { rounds: 25, sliceMs: 20, beforeSlice: () => logger.flush() },
  )
  await logger.close()
  await client.end()
  await postgres.stop()
  const over = (name: string) => [samples[name]!, samples.bare!, 1] as const
  return [
    added(
      { id: 'access-recorded', title: 'on the path of the caller, one use of a cached data key', goal: { atMost: 3 } },
      ...over('recorded'),
    ),
    added({ id: 'access-stored', title: 'until it is stored, on the CPU of the application' }, ...over('stored')),
  ]
}
