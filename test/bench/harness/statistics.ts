/** The value at a fraction of the sorted list, between two of them where it falls so. */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) throw new RangeError('a quantile of no values')
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * fraction
  const [below, above] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!]
  return below + (above - below) * (position - Math.floor(position))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** What two cases give in each round: both stood under the same load then, which one number for all rounds would hide. */
export function perRound<T>(over: readonly T[], under: readonly T[], combine: (over: T, under: T) => number): number[] {
  if (over.length !== under.length) throw new RangeError(`${over.length} rounds against ${under.length}`)
  return over.map((value, round) => combine(value, under[round]!))
}
