import { randomBytes } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { connectTo, createSchema, type DemoDatabase } from './database.js'

/** As a shell counts a command that SIGINT ended. */
const INTERRUPTED = 130

/**
 * A schema of the demo's own in a database of somebody's, and our own beside it; dropped at the end, also when the demo is
 * interrupted.
 */
export async function openExistingDatabase(url: string): Promise<DemoDatabase> {
  const schema = `waxseal_demo_${randomBytes(4).toString('hex')}`
  await refuseInstalled(url, schema)
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

/** What is installed there is somebody's: the receipts of a demo would stay in it for good. */
async function refuseInstalled(url: string, applicationName: string): Promise<void> {
  const client = await connectTo(url, applicationName)
  try {
    const { rows } = await client.query(`SELECT pg_catalog.to_regnamespace('waxseal') IS NOT NULL AS found`)
    if (!rows[0].found) return
  } finally {
    await client.end()
  }
  throw new ConfigurationError(
    '--database-url: expected a database without the schema "waxseal", found one that has it; use another, or none',
  )
}

async function dropSchema(url: string, schema: string): Promise<void> {
  const client = await connectTo(url, `${schema} end`)
  try {
    // The connections of an interrupted demo hold locks on its tables.
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [schema])
    // Nobody else's: it was not there when the demo began.
    await client.query(`DROP SCHEMA IF EXISTS ${schema}, waxseal CASCADE`)
  } finally {
    await client.end()
  }
}
