import { localTrail } from '../../../providers/local/audit-trail.js'
import { reconcile } from '../../../src/audit/reconciliation/reconcile.js'
import type { TrailFacts } from '../../../src/audit/reconciliation/records.js'
import { BY_COUNT, BY_REQUEST_ID, BY_TOKEN, input } from './records.js'
import { KEYS, simulatedDay, type Workload } from './simulated-day.js'

export interface Scenario extends Omit<Workload, 'seed' | 'calls'> {
  readonly name: string
  readonly trail: TrailFacts
  /** Instead of the calls of the others. */
  readonly calls?: number
}

const aws = {
  trail: BY_REQUEST_ID,
  requestIds: true,
  tokens: false,
  lost: 0,
  wholeSeconds: true,
  outside: 50,
  ownIdentity: 0.5,
}
const gcp = { ...aws, trail: BY_COUNT, requestIds: false, wholeSeconds: false }

export const SCENARIOS: readonly Scenario[] = [
  { ...aws, name: 'AWS, request id and token', tokens: true },
  { ...aws, name: 'AWS, request id' },
  { ...aws, name: 'AWS, request id, 500 outside calls with our identity', outside: 500, ownIdentity: 1 },
  { ...aws, name: 'Azure, request id, 0.1 % of the log lost', wholeSeconds: false, lost: 0.001 },
  { ...gcp, name: 'GCP, token logged', trail: BY_TOKEN, tokens: true },
  { ...gcp, name: 'GCP, no token' },
  { ...gcp, name: 'GCP, no token, a quiet day', calls: 2_000, ownIdentity: 1 },
]

export interface Tally {
  readonly attempts: number
  readonly events: number
  readonly caught: number
  readonly outside: number
  readonly falselyUnaccounted: number
  readonly falselyMissing: number
  readonly lostFound: number
  readonly lost: number
  readonly wrongLinks: number
}

/** Without R4 where `withR4` is false: nothing is known to be unanswered then. */
export function tallyOf(scenario: Scenario, seed: number, calls: number, withR4 = true): Tally {
  const day = simulatedDay({ ...scenario, seed, calls: scenario.calls ?? calls })
  const trail = withR4 ? scenario.trail : withoutUnanswered(scenario.trail)
  const { events, attempts, links } = reconcile(
    input({ trail, events: day.events, attempts: day.attempts, keks: new Set(KEYS) }),
  )
  const isRaised = (state: string | undefined) => state === 'unaccounted' || state === 'conflict'
  const missing = [...attempts].filter(([, { state }]) => state === 'missing').map(([attempt]) => attempt)
  return {
    attempts: day.attempts.length,
    events: day.events.length,
    caught: [...day.outside].filter((event) => isRaised(events.get(event)?.state)).length,
    outside: day.outside.size,
    falselyUnaccounted: [...day.truth.keys()].filter((event) => isRaised(events.get(event)?.state)).length,
    falselyMissing: missing.filter((attempt) => !day.lost.has(attempt)).length,
    lostFound: missing.filter((attempt) => day.lost.has(attempt)).length,
    lost: day.lost.size,
    wrongLinks: [...links].filter(([request, event]) => day.truth.get(event) !== request.attempts[0]).length,
  }
}

/** As of a provider whose operations send nothing that could arrive without an answer. */
function withoutUnanswered(trail: TrailFacts): TrailFacts {
  return { ...trail, requests: localTrail.requests }
}

/** As a table of Markdown, for the page and for whoever runs it. */
export function tableOf(rows: readonly (readonly [name: string, tally: Tally])[]): string {
  const head = '| | outside calls found | falsely unaccounted | falsely missing | lost entries found | wrong links |'
  return [
    head,
    '|---|---|---|---|---|---|',
    ...rows.map(([name, tally]) => {
      const { caught, outside, falselyUnaccounted, falselyMissing, lostFound, lost, wrongLinks } = tally
      return `| ${name} | ${caught} of ${outside} | ${falselyUnaccounted} | ${falselyMissing} | ${lostFound} of ${lost} | ${wrongLinks} |`
    }),
  ].join('\n')
}
