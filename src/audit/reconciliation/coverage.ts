/** A window of a trail that a reader went through. Times are milliseconds since the epoch; `to` is exclusive. */
export interface CoveredWindow {
  readonly from: number
  readonly to: number
  readonly scannedAt: number
  readonly complete: boolean
}

/** When the trail could not be relied on. */
export interface CoverageCut {
  readonly from: number
  readonly to: number
}

/**
 * What is known of a trail, and since when. Absence is evidence only where a reader went through everything, late enough
 * that the event would have been there.
 */
export class Coverage {
  readonly #bounds: readonly number[]
  readonly #scannedAt: readonly number[]

  constructor(windows: readonly CoveredWindow[], cuts: readonly CoverageCut[] = []) {
    const complete = windows.filter((window) => window.complete && window.to > window.from)
    const bounds = [...new Set([...complete, ...cuts].flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
    const index = new Map(bounds.map((bound, position) => [bound, position]))
    const scannedAt = bounds.map(() => Number.NEGATIVE_INFINITY)
    const paint = painter(scannedAt)
    for (const { from, to } of cuts) paint(index.get(from)!, index.get(to)!, Number.NEGATIVE_INFINITY)
    // The latest scan first, so that each part is painted once.
    for (const { from, to, scannedAt: at } of complete.sort((a, b) => b.scannedAt - a.scannedAt)) {
      paint(index.get(from)!, index.get(to)!, at)
    }
    this.#bounds = bounds
    this.#scannedAt = scannedAt
  }

  /** Whether all of the time was gone through at `since` or later. */
  spans(from: number, to: number, since: number): boolean {
    for (let at = from; ; ) {
      const part = lastAtOrBefore(this.#bounds, at)
      if (part === -1 || this.#scannedAt[part]! < since) return false
      const end = this.#bounds[part + 1] ?? Number.NEGATIVE_INFINITY
      if (end > to) return true
      at = end
    }
  }
}

/** Gives parts their value unless they have one, in time that does not grow with how often they are painted. */
function painter(values: number[]): (from: number, to: number, value: number) => void {
  const next = [...values.keys(), values.length]
  const free = (position: number): number => {
    let at = position
    while (next[at] !== at) {
      next[at] = next[next[at]!]!
      at = next[at]!
    }
    return at
  }
  return (from, to, value) => {
    for (let at = free(from); at < to; at = free(at)) {
      values[at] = value
      next[at] = at + 1
    }
  }
}

function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
