import { randomBytes } from 'node:crypto'
import { connectTo, createSchema, type DemoDatabase } from './database.js'

/** As a shell counts a command that SIGINT ended. */
const INTERRUPTED = 130

/** A schema of the demo's own in a database of somebody's; dropped at the end, also when the demo is interrupted. */
export async function openExistingDatabase(url: string): Promise<DemoDatabase> {
  const schema = `waxseal_demo_${randomBytes(4).toString('hex')}`
  const version = await createSchema(url, schema)
  let dropped: Promise<void> | undefined
  const drop = () => {
    dropped ??= dropSchema(url, schema)
    return dropped
  }
  const interrupted = () => void drop().finally(() => process.exit(INTERRUPTED))
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  return {
    url,
    schema,
    isTemporary: false,
    version,
    applicationName: schema,
    connect: () => connectTo(url, schema),
    newLog: () => undefined,
    async close() {
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
      await drop()
    },
  }
}

async function dropSchema(url: string, schema: string): Promise<void> {
  const client = await connectTo(url, `${schema} end`)
  try {
    // The connections of an interrupted demo hold locks on its tables.
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [schema])
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  } finally {
    await client.end()
  }
}
