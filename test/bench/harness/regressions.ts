/** Of the recorded ratio. */
export const TOLERANCE = 0.25

export interface Regression {
  readonly id: string
  readonly recorded: number
  readonly found: number
}

/** What takes more than its recorded share allows. Cases that are recorded and gone, or new, are errors. */
export function regressions(
  recorded: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): Regression[] {
  const [known, measured] = [Object.keys(recorded), Object.keys(found)]
  const odd = [...known.filter((id) => !measured.includes(id)), ...measured.filter((id) => !known.includes(id))]
  if (odd.length > 0) throw new RangeError(`not both recorded and measured: ${odd.join(', ')}`)
  return known
    .map((id) => ({ id, recorded: recorded[id]!, found: found[id]! }))
    .filter((each) => each.found > each.recorded * (1 + TOLERANCE))
}

/** The lowest ratio of each case in several processes: a compiler's unlucky choice in one of them is no regression. */
export function lowest(processes: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const ids = new Set(processes.flatMap((each) => Object.keys(each)))
  return Object.fromEntries([...ids].map((id) => [id, Math.min(...processes.map((each) => each[id] ?? Infinity))]))
}
