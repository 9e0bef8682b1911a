import { execFileSync } from 'node:child_process'
import { type Figure, figure } from '../harness/figure.js'
import { shuffled } from '../harness/rounds.js'
import { perRound } from '../harness/statistics.js'

const ROUNDS = 21

/** What one import costs, in processes that do nothing else. */
export function start(): Promise<Figure[]> {
  const entries = ['waxseal', 'waxseal/kms', 'waxseal/providers/local'] as const
  const samples = Object.fromEntries(['bare', ...entries].map((entry) => [entry, [] as Sample[]]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const entry of shuffled(Object.keys(samples))) samples[entry]!.push(measure(entry))
  }
  const of = (entry: string, what: keyof Sample) => samples[entry]!.map((sample) => sample[what])
  const over = (entry: string) => perRound(of(entry, 'rss'), of('bare', 'rss'), (a, b) => a - b)
  const [first] = entries
  return Promise.resolve([
    figure({ id: 'import-time', title: `import '${first}'`, goal: { atMost: 15 } }, 'ms', of(first, 'ms')),
    figure(
      { id: 'import-rss', title: `memory (RSS) of import '${first}' over bare Node`, goal: { atMost: 3 } },
      'MB',
      over(first),
    ),
  ])
}

interface Sample {
  readonly ms: number
  /** Megabytes. */
  readonly rss: number
}

function measure(entry: string): Sample {
  const program = `
    const start = performance.now()
    ${entry === 'bare' ? '' : `await import(${JSON.stringify(entry)})`}
    const ms = performance.now() - start
    console.log(JSON.stringify({ ms, rss: process.memoryUsage.rss() / 1e6 }))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }))
}
