import { ConfigurationError } from '../../errors.js'
import { assertOptions, isObject, type OptionRule, type OptionRules } from '../../kms/options.js'
import type { KekRef } from '../../kms/provider.js'
import type { ApplicationEvent, Described, DetailValue } from './application-event.js'
import {
  assertDetail,
  CODE,
  DETAIL_KEYS,
  type Detail,
  isShortText,
  LONGEST_TEXT,
  type LoggedCategory,
} from './detail.js'

/** What an application tells of itself. Who asked comes from `withActor`. */
export interface LoggedEvent<C extends LoggedCategory> {
  /** What was done, as a word of the application's own, such as `sign-in` or `export`. */
  readonly action: string
  readonly outcome: ApplicationEvent['outcome']
  /** A code, where it did not succeed. */
  readonly reason?: string
  /** The row that it was done to. */
  readonly entity?: string
  readonly row?: string
  readonly envelope?: string
  readonly kek?: KekRef
  /** See `DETAIL_KEYS`. */
  readonly detail?: Detail<C>
}

const CODE_RULE: OptionRule = [(value) => CODE.test(String(value)), `match ${CODE.source}`]
const SHORT_TEXT: OptionRule = [isShortText, `be text of at most ${LONGEST_TEXT} characters`]

const RULES: OptionRules<LoggedEvent<LoggedCategory>> = {
  action: CODE_RULE,
  outcome: [(value) => ['success', 'denied', 'error'].includes(value as string), 'be success, denied or error'],
  reason: CODE_RULE,
  entity: SHORT_TEXT,
  row: SHORT_TEXT,
  envelope: SHORT_TEXT,
  kek: [isKekRef, 'be { provider, id, version }'],
  detail: [isObject, 'be an object'],
}

/** A copy of the event that was checked, so that nobody changes it before it is stored. */
export function describedAs<C extends LoggedCategory>(category: C, event: LoggedEvent<C>): Described {
  if (!Object.hasOwn(DETAIL_KEYS, category)) {
    throw new ConfigurationError(`audit event: the category must be one of ${Object.keys(DETAIL_KEYS).join(', ')}`)
  }
  assertOptions(`audit event "${category}"`, event, RULES)
  if (event.action === undefined || event.outcome === undefined) {
    throw new ConfigurationError(`audit event "${category}": "action" and "outcome" are required`)
  }
  const { detail = {}, kek, ...rest } = event
  assertDetail(category, detail)
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  const { action, outcome } = event
  return {
    ...{ category, ...known, action, outcome },
    ...(kek && { kek: { provider: kek.provider, id: kek.id, version: kek.version } }),
    detail: { ...(detail as Record<string, DetailValue>) },
  }
}

function isKekRef(value: unknown): boolean {
  const { provider, id, version } = (value ?? {}) as Record<string, unknown>
  return [provider, id, version].every((part) => typeof part === 'string')
}
