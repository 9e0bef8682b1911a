import pg from 'pg'
import { LocalProvider } from '../../providers/local/provider.js'
import { adoptJob } from '../../src/adoption/adopt-job.js'
import { adoptedTable } from '../../src/adoption/adopted-table.js'
import { UNPACED } from '../../src/adoption/pace.js'
import { plaintextReader } from '../../src/adoption/readers/plaintext.js'
import { rollbackJob } from '../../src/adoption/rollback-job.js'
import { EnvelopeCipher } from '../../src/index.js'
import { openRun, work } from '../../src/jobs/index.js'
import type { FieldColumn, ProtectedTable } from '../../src/postgres/index.js'
import { stopHere, stoppingAt } from '../setup/stopping-at.js'

/** Adopts or rolls back two rows at a time until it is told to stop, to be killed there: run by `killed.test.ts`. */
const { DATABASE_URL, TABLE, KEYS, KIND, STOP_AT } = process.env as Record<string, string>
const stopAt = JSON.parse(STOP_AT!)

/** What a text cannot carry: the readers. */
const withReaders = ({ adoption, ...field }: FieldColumn): FieldColumn => {
  const readers = [{ reader: plaintextReader(), until: new Date('2100-01-01') }]
  return adoption ? { ...field, adoption: { ...adoption, readers } } : field
}
const declared = JSON.parse(TABLE!) as ProtectedTable
const table = adoptedTable({ ...declared, fields: declared.fields.map(withReaders) })

const connections = new pg.Pool({ connectionString: DATABASE_URL! })
let opened = 0
const pool = {
  query: (text: string, values?: unknown[]) => connections.query(text, values),
  async connect() {
    const client = await connections.connect()
    const release = (destroy?: boolean) => client.release(destroy)
    const plain = { query: (text: string, values?: unknown[]) => client.query(text, values) }
    const { query } = ++opened === stopAt.connection ? stoppingAt(client, stopAt) : plain
    return { query, release }
  },
}

let calls = 0
async function stopping<T>(call: () => Promise<T>): Promise<T> {
  const isTheOne = ++calls === stopAt.call
  if (isTheOne && stopAt.side === 'before') await stopHere()
  const result = await call()
  if (isTheOne) await stopHere()
  return result
}

class Stopping extends LocalProvider {
  override generateDataKey(...args: Parameters<LocalProvider['generateDataKey']>) {
    return stopping(() => super.generateDataKey(...args))
  }

  override unwrap(...args: Parameters<LocalProvider['unwrap']>) {
    return stopping(() => super.unwrap(...args))
  }
}

const cipher = new EnvelopeCipher({ provider: new Stopping({ keys: KEYS!, currentKey: 1 }), cache: false })
const settings = { cipher, concurrency: 1, pace: UNPACED }
const job =
  KIND === 'adopt' ? adoptJob(table, settings) : rollbackJob(table, { ...settings, types: { oauth: 'jsonb' } })
const { run } = await openRun(pool, job)
await work<any>(job, run, { pool, batchRows: 2, rangeRows: 4 })
