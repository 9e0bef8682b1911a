import { execFileSync } from 'node:child_process'
import { type Figure, figure } from '../harness/figure.js'
import { shuffled } from '../harness/rounds.js'
import { perRound } from '../harness/statistics.js'

const ROUNDS = 11
const ENTRIES = ['bare', 'node:crypto', 'waxseal', 'waxseal/typeorm'] as const
type Entry = (typeof ENTRIES)[number]

interface Sample {
  /** On the CPU. */
  readonly ms: number
  /** Megabytes. */
  readonly rss: number
}

/** What one import costs, in processes that do nothing else. */
export async function start(): Promise<Figure[]> {
  const samples: Record<Entry, Sample[]> = { bare: [], 'node:crypto': [], waxseal: [], 'waxseal/typeorm': [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const entry of shuffled(ENTRIES)) samples[entry].push(measure(entry))
  }
  const time = (entry: Entry) => samples[entry].map(({ ms }) => ms)
  const memory = (entry: Entry) => perRound(samples[entry], samples.bare, (a, b) => a.rss - b.rss)
  return [
    figure({ id: 'import-time', title: "import 'waxseal'", goal: { atMost: 15 } }, 'ms', time('waxseal')),
    figure(
      { id: 'import-memory', title: "its memory, over bare Node's", goal: { atMost: 3 } },
      'MB',
      memory('waxseal'),
    ),
    figure({ id: 'import-crypto-time', title: "import 'node:crypto' alone" }, 'ms', time('node:crypto')),
    figure({ id: 'import-crypto-memory', title: "its memory, over bare Node's" }, 'MB', memory('node:crypto')),
    figure(
      { id: 'import-typeorm-time', title: "import 'waxseal/typeorm', with TypeORM" },
      'ms',
      time('waxseal/typeorm'),
    ),
  ]
}

function measure(entry: Entry): Sample {
  const program = `
    const before = process.cpuUsage()
    ${entry === 'bare' ? '' : `await import(${JSON.stringify(entry)})`}
    const { user, system } = process.cpuUsage(before)
    console.log(JSON.stringify({ ms: (user + system) / 1e3, rss: process.memoryUsage.rss() / 1e6 }))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }))
}
