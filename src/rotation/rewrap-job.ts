import type { Job } from '../jobs/index.js'
import { writeJournal } from './journal.js'
import { type PreparedWraps, prepareWraps, type Rewrapping } from './prepare-wraps.js'
import { described, type RotationSettings } from './rotation-run.js'
import { type Staleness, staleSets } from './stale-sets.js'
import { storeWraps } from './store-wraps.js'

/** Wraps the data keys of stale rows under the current KEKs. Moves keys, and nothing else. */
export function rewrapJob(options: Rewrapping & Staleness & RotationSettings): Job<PreparedWraps> {
  const { table, verify } = options
  return {
    ...described(table, options),
    sets: (sets) => staleSets(sets, options),
    prepare: (rows, batch) => prepareWraps(options, rows, batch),
    async store(client, { wraps, counts, failures }, { pass, run }) {
      const { stored, failures: refused } = await storeWraps(client, table, wraps)
      if (verify === 'sample') await writeJournal(client, run, table, stored)
      const counted = { rewrapped: stored.length, compared: stored.length }
      return {
        // Rows that stay in their set are met in each pass.
        counts: pass === 1 ? { ...counted, ...counts } : counted,
        moved: stored.filter(({ moves }) => moves).length,
        lost: wraps.length - stored.length - refused.length,
        failures: [...failures, ...refused],
      }
    },
  }
}
