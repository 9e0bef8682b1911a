import { ConfigurationError } from '../../errors.js'
import { assertKnown } from '../../kms/options.js'
import type { DetailValue } from './application-event.js'

/**
 * All that an event may say of itself, by category. A list, so that nothing is logged because it happened to be at hand: an
 * argument of a tool, a token of a session, the value of a setting.
 */
export const DETAIL_KEYS = {
  tool: ['tool', 'version', 'target', 'duration_ms', 'exit_code', 'rows', 'dry_run'],
  authentication: ['method', 'identity_provider', 'client', 'second_factor', 'attempts'],
  authorisation: ['permission', 'resource', 'policy', 'decided_by'],
  configuration: ['component', 'setting', 'from_version', 'to_version', 'environment'],
  key: ['operation', 'run', 'rows', 'from_version', 'to_version', 'state', 'due'],
  audit: ['view', 'filters', 'format', 'rows', 'from', 'to', 'checkpoint', 'sha256'],
} as const

/** Categories that an application writes by itself. */
export type LoggedCategory = keyof typeof DETAIL_KEYS

export type Detail<C extends LoggedCategory> = Partial<Record<(typeof DETAIL_KEYS)[C][number], DetailValue>>

export const LONGEST_TEXT = 200
/** Of what names a kind of thing: a word that somebody wrote into the program. */
export const CODE = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/

/** Errors name the key and never what it holds. */
export function assertDetail(category: LoggedCategory, detail: Readonly<Record<string, unknown>>): void {
  assertKnown(`audit event "${category}"`, detail, DETAIL_KEYS[category])
  for (const [key, value] of Object.entries(detail)) {
    if (isShortText(value) || typeof value === 'boolean' || Number.isFinite(value)) continue
    throw new ConfigurationError(
      `audit event "${category}": "${key}" must be text of at most ${LONGEST_TEXT} characters, a number, true or false`,
    )
  }
}

export function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT
}
