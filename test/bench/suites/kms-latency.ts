import { setTimeout as after } from 'node:timers/promises'
import { EnvelopeCipher } from 'waxseal'
import { startDatabases } from '../database/data-sources.js'
import { Credential } from '../database/entities.js'
import { compare } from '../harness/compare.js'
import type { Figure } from '../harness/figure.js'
import { oneByOne, wallTime } from '../harness/rounds.js'
import { DelayedProvider } from './delayed-provider.js'

const ROWS = 1_000
const LATENCY_MS = 10
/** Of KMS calls in one operation. */
const CONCURRENCY = 64

/** A list of rows whose data keys must all be asked for, against a network that does nothing but wait. */
export async function kmsLatency(): Promise<Figure[]> {
  const cipher = new EnvelopeCipher({ provider: new DelayedProvider(LATENCY_MS), timeoutMs: 60_000 })
  const databases = await startDatabases(cipher, ROWS)
  const credentials = databases.encrypted.getRepository(Credential)
  const figures = await compare(
    [
      {
        id: 'list-kms',
        title: `find() of ${ROWS} rows, every data key unwrapped by a KMS of ${LATENCY_MS} ms`,
        goal: { atMost: 1.25 },
        base: { name: 'ideal', run: oneByOne(waitForAll) },
        run: oneByOne(() => {
          cipher.forgetAll()
          return credentials.find()
        }),
      },
    ],
    { rounds: 15, warmUpRounds: 3, sliceMs: 1, stopwatch: wallTime },
  )
  await databases.stop()
  return figures
}

/** 64 at a time and nothing besides. By the timer that the KMS has: it is late by up to a millisecond. */
async function waitForAll(): Promise<void> {
  for (let asked = 0; asked < ROWS; asked += CONCURRENCY) await after(LATENCY_MS)
}
