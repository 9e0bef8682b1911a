import { type Figure, type FigureText, ratio } from './figure.js'
import { type Case, measureRounds, type RoundOptions } from './rounds.js'

/** Something of ours beside what it is measured against. */
export interface Comparison extends FigureText {
  readonly run: Case['run']
  readonly base: Case
}

export async function compare(comparisons: readonly Comparison[], options: RoundOptions): Promise<Figure[]> {
  const samples = await measureComparisons(comparisons, options)
  return comparisons.map((each) => ratio(each, samples[each.id]!, samples[each.base.name]!))
}

/** By the ids of the comparisons and the names of their bases. */
export function measureComparisons(
  comparisons: readonly Comparison[],
  options: RoundOptions,
): Promise<Record<string, number[]>> {
  const bases = new Set(comparisons.map(({ base }) => base))
  return measureRounds([...bases, ...comparisons.map(({ id, run }) => ({ name: id, run }))], options)
}
