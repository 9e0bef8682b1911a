import type { Queryable } from '../../postgres/queryable.js'
import { coverageOf } from '../mirror/coverage.js'
import { registeredSources } from '../mirror/trail-source.js'
import type { TimeWindow } from '../trail/trail-reader.js'
import type { Period } from './period.js'

/** How much of a period each trail was read for, in a sentence: only there does it mean anything that nothing was found. */
export async function coverageSentences(client: Queryable, { from, to }: Period, now: Date): Promise<string[]> {
  const past = { from, to: to < now ? to : now }
  if (past.from >= past.to) return []
  const trails = new Map<string, string[]>()
  for (const { id, provider, scope } of await registeredSources(client)) {
    const name = `${provider} ${scope}`
    trails.set(name, [...(trails.get(name) ?? []), id])
  }
  const sentences: string[] = []
  for (const [name, sources] of trails) {
    const { covered, gaps } = await coverageOf(client, sources, past)
    const read = `The trail ${name} was read for ${minutesOf(covered)} of ${minutesOf([past])} minutes of the period`
    const not = gaps.slice(0, LISTED).map(({ from, to }) => `from ${from.toISOString()} to ${to.toISOString()}`)
    const more = gaps.length > LISTED ? [`and ${gaps.length - LISTED} times more`] : []
    sentences.push(gaps.length === 0 ? `${read}.` : `${read}; not ${[...not, ...more].join(', ')}.`)
  }
  return sentences
}

const LISTED = 5

function minutesOf(windows: readonly TimeWindow[]): number {
  return Math.floor(windows.reduce((sum, { from, to }) => sum + to.getTime() - from.getTime(), 0) / 60_000)
}
