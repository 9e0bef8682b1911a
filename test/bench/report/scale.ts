export interface Scale {
  /** From 0 at the start of the axis to 1 at its end. */
  position(value: number): number
  readonly ticks: readonly number[]
}

/** From zero, with about five ticks at round numbers. */
export function linearScale(highest: number): Scale {
  const step = roundStep(highest / 5)
  const count = Math.ceil(highest / step)
  const ticks = Array.from({ length: count + 1 }, (_, n) => Number((n * step).toPrecision(6)))
  return { ticks, position: (value) => Math.max(0, value) / (count * step) }
}

/** Powers of ten, for what differs by them. Starts at the power below the lowest value. */
export function logarithmicScale(lowest: number, highest: number): Scale {
  const [from, to] = [Math.floor(Math.log10(lowest)), Math.ceil(Math.log10(highest))]
  const ticks = Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n))
  return { ticks, position: (value) => (Math.log10(value) - from) / (to - from) }
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10)
}
