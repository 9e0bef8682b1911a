import pg from 'pg'
import { EnvelopeCipher } from '../../src/index.js'
import { shred } from '../../src/shredding/index.js'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import { stoppingAt } from '../setup/stopping-at.js'

/** Shreds two rows at a time until it is told to stop, to be killed there: run by `killed.test.ts`. */
const { DATABASE_URL, TABLE, STOP_AT } = process.env as Record<string, string>

const client = new pg.Client({ connectionString: DATABASE_URL! })
await client.connect()
await shred(stoppingAt(client, JSON.parse(STOP_AT!)), {
  target: { kind: 'entity', entity: 'credential' },
  tables: [JSON.parse(TABLE!)],
  cipher: new EnvelopeCipher({ provider: new FaultyProvider() }),
  ...{ reason: 'killed', who: 'operator', backupsKept: 'none', batchSize: 2 },
})
