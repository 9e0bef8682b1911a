import { performance } from 'node:perf_hooks'

/** One way of doing something. It loops by itself, so that a synchronous case waits for nothing in between. */
export interface Case {
  readonly name: string
  readonly run: (times: number) => void | Promise<void>
}

/** Microseconds. */
export type Stopwatch = () => number

export interface RoundOptions {
  /** At least 9. */
  readonly rounds: number
  /** How long one case runs in one round, in milliseconds. Short, so that both sides of a ratio stand under one load. */
  readonly sliceMs: number
  readonly stopwatch?: Stopwatch
  /**
   * Do not count: the code is still being compiled, and how often it fits into a slice still being found out. 10 unless
   * said otherwise.
   */
  readonly warmUpRounds?: number
  /** Before each slice, not measured. */
  readonly beforeSlice?: (name: string) => void | Promise<void>
}

/** Time on the CPU, of all threads: what others do on the machine is not in it. */
export const cpuTime: Stopwatch = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}

export const wallTime: Stopwatch = () => performance.now() * 1_000

export function synchronously(operation: () => unknown): Case['run'] {
  return (times) => {
    for (let i = 0; i < times; i++) operation()
  }
}

export function oneByOne(operation: () => Promise<unknown>): Case['run'] {
  return async (times) => {
    for (let i = 0; i < times; i++) await operation()
  }
}

/**
 * Runs all cases in each round, in an order that is drawn anew, and gives the microseconds of one operation per round.
 */
export async function measureRounds(cases: readonly Case[], options: RoundOptions): Promise<Record<string, number[]>> {
  const { rounds, sliceMs, stopwatch = cpuTime, warmUpRounds = 10, beforeSlice } = options
  const measure = async ({ name, run }: Case, times: number) => {
    await beforeSlice?.(name)
    const start = stopwatch()
    await run(times)
    return (stopwatch() - start) / times
  }
  const samples: Record<string, number[]> = Object.fromEntries(cases.map(({ name }) => [name, []]))
  const fastest = new Map(cases.map(({ name }) => [name, sliceMs * 1_000]))
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const each of shuffled(cases)) {
      const times = Math.max(1, Math.round((sliceMs * 1_000) / fastest.get(each.name)!))
      const sample = await measure(each, times)
      if (round >= 0) samples[each.name]!.push(sample)
      else fastest.set(each.name, Math.min(sample, fastest.get(each.name)!))
    }
  }
  return samples
}

export function shuffled<T>(list: readonly T[], random: () => number = Math.random): T[] {
  const result = [...list]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [result[i]!, result[j]!]
    result[i] = b
    result[j] = a
  }
  return result
}
