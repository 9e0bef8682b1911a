import { ConfigurationError } from '../../errors.js'
import { eventCategories } from '../application/application-event.js'
import { attemptStateNames, eventStateNames } from '../reconciliation/records.js'

export const recordKinds = ['event', 'attempt', 'application'] as const
/** Of the provider's trail, of the ledger, or of the application. */
export type RecordKind = (typeof recordKinds)[number]

export const recordOutcomes = ['success', 'denied', 'throttled', 'error', 'unanswered'] as const
/** `unanswered`: an attempt that has no end. */
export type RecordOutcome = (typeof recordOutcomes)[number]

/** What every kind of record can be asked for, where it has it: a filter that a kind cannot answer finds nothing of that kind. */
export interface RecordFilters {
  /** Who: the principal of an event, the actor of an attempt or of an application event. `arn:aws:sts::*` is a beginning. */
  readonly actor?: string
  /** The id of a KEK, as in a KEK ref of its provider. */
  readonly key?: string
  /** Of an event: the pair `tenant` of its encryption context. */
  readonly tenant?: string
  /** Of the credential: with `row`, one of them. */
  readonly entity?: string
  readonly row?: string
  /** The provider's name of it or its class, the method of an attempt, the action of the application. */
  readonly operation?: string
  readonly outcome?: RecordOutcome
  /** Of the reconciliation. Application events have none. */
  readonly state?: string
  readonly provider?: string
  /** Of a KMS, or of the request to the application. */
  readonly requestId?: string
  /** Of application events. */
  readonly category?: string
}

export interface AuditQuery extends RecordFilters {
  /** Default: all. */
  readonly kinds?: readonly RecordKind[]
  /** Inclusive. Default: 30 days before `to`. */
  readonly from?: Date
  /** Exclusive. Default: now. */
  readonly to?: Date
}

export const filterNames = [
  ...['actor', 'key', 'tenant', 'entity', 'row', 'operation', 'outcome', 'state', 'provider', 'requestId', 'category'],
] as readonly (keyof RecordFilters)[]
const MEMBERS = new Set<string>([...filterNames, 'kinds', 'from', 'to'])
/** Filters of few words. Another one finds nothing, and "nothing is unaccounted" must not be said because of a slip. */
const WORDS: Readonly<Record<'outcome' | 'state' | 'category', readonly string[]>> = {
  outcome: recordOutcomes,
  state: [...eventStateNames, ...attemptStateNames],
  category: eventCategories,
}
const DEFAULT_WINDOW_MS = 30 * 86_400_000

export interface CheckedQuery {
  readonly kinds: readonly RecordKind[]
  /** Those that are given, in the order of `filterNames`. */
  readonly filters: readonly (readonly [keyof RecordFilters, string])[]
  readonly from: Date
  readonly to: Date
}

/** Queries come from a command line or a console: what is not known is refused, or it would find too much. */
export function checkedQuery(query: AuditQuery): CheckedQuery {
  const unknown = Object.keys(query).find((name) => !MEMBERS.has(name))
  if (unknown !== undefined) throw refused(`one of ${[...MEMBERS].join(', ')}`, `"${unknown}"`)
  const { to = new Date() } = query
  const kinds = [...new Set(query.kinds ?? recordKinds)]
  if (![query.from, to].every(isInstant)) throw refused('"from" and "to" to be dates', 'something else')
  const { from = new Date(to.getTime() - DEFAULT_WINDOW_MS) } = query
  for (const kind of kinds) oneOf('kinds', recordKinds, kind)
  for (const [name, known] of Object.entries(WORDS)) {
    const found = query[name as keyof typeof WORDS]
    if (found !== undefined) oneOf(name, known, found)
  }
  if (from.getTime() >= to.getTime()) throw refused('"from" before "to", which is now unless given', 'another order')
  const filters = filterNames.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const]))
  const odd = filters.find(([, value]) => typeof value !== 'string' || value === '' || value.includes('\0'))
  if (odd) throw refused(`"${odd[0]}" to be text that is not empty`, 'something else')
  return { kinds, filters, from, to }
}

const isInstant = (value: unknown) => value === undefined || (value instanceof Date && !Number.isNaN(value.getTime()))

function oneOf(name: string, known: readonly string[], found: string): void {
  if (!known.includes(found)) throw refused(`"${name}" to be of ${known.join(', ')}`, `"${found}"`)
}

function refused(expected: string, found: string): ConfigurationError {
  return new ConfigurationError(`audit query: expected ${expected}, found ${found}`)
}
