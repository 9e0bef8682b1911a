import { median, perRound, quantile } from './statistics.js'

export type Unit = '×' | 'µs' | 'ms' | 'MB' | 'bytes'

export type Goal =
  | {
      readonly atMost: number
      /** Or at most this share of what it is added to, where that is more. */
      readonly orShare?: number
    }
  | { readonly atLeast: number }

export interface FigureText {
  /** Stable: the pages and the gate find it by this. */
  readonly id: string
  /** As it reads in a table. */
  readonly title: string
  readonly goal?: Goal
}

/** One measured number: the median of all rounds, and between which values the middle half of them lies. */
export interface Figure extends FigureText {
  readonly unit: Unit
  readonly value: number
  readonly low: number
  readonly high: number
  /** Microseconds of either side, for a feeling of it; they depend on the machine. */
  readonly took?: { readonly over: number; readonly base: number }
}

/** How many times of `base` it took. */
export function ratio(text: FigureText, over: readonly number[], base: readonly number[]): Figure {
  const ratios = perRound(over, base, (a, b) => a / b)
  return { ...figure(text, '×', ratios), took: tookOf(over, base) }
}

function tookOf(over: readonly number[], base: readonly number[]) {
  return { over: rounded(median(over)), base: rounded(median(base)) }
}

/** What it took over and above `base`, in microseconds, for one of the `items` that an operation handles. */
export function added(text: FigureText, over: readonly number[], base: readonly number[], items: number): Figure {
  const differences = perRound(over, base, (a, b) => (a - b) / items)
  return figure(text, 'µs', differences)
}

/** What one operation took over and above `base`, in microseconds, and what both took. */
export function overhead(text: FigureText, over: readonly number[], base: readonly number[]): Figure {
  return { ...added(text, over, base, 1), took: tookOf(over, base) }
}

export function figure({ id, title, goal }: FigureText, unit: Unit, samples: readonly number[]): Figure {
  const at = (fraction: number) => rounded(quantile(samples, fraction))
  return { id, title, ...(goal && { goal }), unit, value: at(0.5), low: at(0.25), high: at(0.75) }
}

export function isMet({ value, goal, took }: Pick<Figure, 'value' | 'goal' | 'took'>): boolean {
  if (!goal) return true
  if ('atLeast' in goal) return value >= goal.atLeast
  return value <= Math.max(goal.atMost, (goal.orShare ?? 0) * (took?.base ?? 0))
}

/** Four digits: more would be noise in the committed results. */
const rounded = (value: number) => Number(value.toPrecision(4))
