import pg from 'pg'
import { LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher, type KmsProvider } from '../../src/index.js'
import { renew } from '../../src/rotation/index.js'
import { stopHere, stoppingAt } from '../setup/stopping-at.js'

/** Renews two rows at a time until it is told to stop, to be killed there: run by `renew-killed.test.ts`. */
const { DATABASE_URL, TABLE, KEYS, STOP_AT } = process.env as Record<string, string>
const stopAt = JSON.parse(STOP_AT!)

const local = new LocalProvider({ keys: KEYS!, currentKey: 1 })
let calls = 0
async function around<T>(operation: string, call: () => Promise<T>): Promise<T> {
  const isIt = operation === stopAt.operation && ++calls === stopAt.nth
  if (isIt && stopAt.side === 'before') await stopHere()
  const answer = await call()
  if (isIt) await stopHere()
  return answer
}
const provider: KmsProvider = {
  name: local.name,
  currentKek: (context, options) => local.currentKek(context, options),
  wrap: (dataKey, context, options) => local.wrap(dataKey, context, options),
  rewrap: (wrapped, context, options) => local.rewrap(wrapped, context, options),
  unwrap: (wrapped, context, options) => around('unwrap', () => local.unwrap(wrapped, context, options)),
  generateDataKey: (context, options) => around('generateDataKey', () => local.generateDataKey(context, options)),
}

const connections = new pg.Pool({ connectionString: DATABASE_URL!, max: 4 })
const pool = {
  query: (text: string, values?: unknown[]) => connections.query(text, values),
  async connect() {
    const client = await connections.connect()
    const stopping = stopAt.statement === undefined ? client : stoppingAt(client, stopAt)
    return { query: stopping.query.bind(stopping), release: (destroy?: boolean) => client.release(destroy) }
  },
}
const cipher = new EnvelopeCipher({ provider, cache: false })
await renew({ cipher, pool, tables: [JSON.parse(TABLE!)], batchRows: 2, concurrency: 1 })
