import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { hang } from '../../../src/testing/faults.js'
import { Canaries, type Side } from '../canaries.js'
import { filled } from './scenario.js'
import { openWorld, type World } from './world.js'

export type Ending = 'exit' | 'uncaught exception' | 'unhandled rejection'

export interface CrashOrder {
  readonly url: string
  /** For `canaries.jsonl`. */
  readonly folder: string
  readonly side: Side
  readonly ending: Ending
}

const { url, folder, side, ending } = JSON.parse(await text(process.stdin)) as CrashOrder
const canaries = new Canaries(join(folder, 'canaries.jsonl'), side)
const noop = () => undefined
const silent = { logQuery: noop, logQueryError: noop, logQuerySlow: noop, logSchemaBuild: noop, logMigration: noop }
const world = await openWorld(side, url, canaries, { ...silent, log: noop })
const name = randomUUID()
await world.credentials.save({ ...filled(canaries.text('a stored row')), name })

/** A write that waits for Postgres, a write that waits for its KMS and a read that does. */
async function startOperations({ dataSource, credentials, cipher, kms }: World): Promise<void> {
  const waiting = new Promise<void>((resolve) => {
    const write = dataSource.transaction(async (manager) => {
      await manager.withRepository(credentials).save(filled(canaries.text('a write in a transaction')))
      const sleep = manager.query('select pg_sleep(60)')
      resolve()
      await sleep
    })
    write.catch(noop)
  })
  await waiting
  cipher.forgetAll()
  kms.clearCalls()
  kms.faults.inject(hang(), { times: 2 })
  const operations = [
    credentials.save(filled(canaries.text('a write that waits for its KMS'))),
    credentials.findOneBy({ name }),
  ]
  for (const operation of operations) operation.catch(noop)
  if (side === 'protected') while (kms.calls.length < operations.length) await setImmediate()
}

/** Rejects with all that the statement carried, and says it in the message, as applications do. */
const fail = () =>
  world.credentials.save({ ...filled(canaries.text('a write that fails')), name }).catch((cause) => {
    throw new Error(`could not save ${cause.parameters}`, { cause })
  })

await startOperations(world)
if (ending === 'exit') {
  await fail().catch((error: unknown) => console.error(error))
  process.exit()
} else if (ending === 'unhandled rejection') {
  void fail()
} else {
  const error = await fail().catch((reason: unknown) => reason)
  process.nextTick(() => {
    throw error
  })
}
