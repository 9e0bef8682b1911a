import pg from 'pg'
import { LocalProvider } from '../../providers/local/provider.js'
import { EnvelopeCipher } from '../../src/index.js'
import { rotate } from '../../src/rotation/rotate.js'
import { stopHere, stoppingAt } from '../setup/stopping-at.js'

/** Rotates two rows at a time until it is told to stop, to be killed there: run by `killed.test.ts`. */
const { DATABASE_URL, TABLE, KEYS, VERIFY, STOP_AT } = process.env as Record<string, string>
const stopAt = JSON.parse(STOP_AT!)

const connections = new pg.Pool({ connectionString: DATABASE_URL! })
let opened = 0
const pool = {
  query: (text: string, values?: unknown[]) => connections.query(text, values),
  async connect() {
    const client = await connections.connect()
    const release = (destroy?: boolean) => client.release(destroy)
    if (++opened !== stopAt.connection)
      return { query: (text: string, values?: unknown[]) => client.query(text, values), release }
    const { query } = stoppingAt(client, stopAt)
    return { query, release }
  },
}

let calls = 0
class Stopping extends LocalProvider {
  override async rewrap(...args: Parameters<LocalProvider['rewrap']>) {
    const isTheOne = ++calls === stopAt.call
    if (isTheOne && stopAt.side === 'before') await stopHere()
    const wrapped = await super.rewrap(...args)
    if (isTheOne) await stopHere()
    return wrapped
  }
}

await rotate({
  cipher: new EnvelopeCipher({ provider: new Stopping({ keys: KEYS!, currentKey: 2 }) }),
  tables: [JSON.parse(TABLE!)],
  pool,
  ...{ batchRows: 2, concurrency: 1, verify: VERIFY as 'each' },
})
