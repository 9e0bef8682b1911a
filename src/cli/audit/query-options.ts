import type { Command } from 'commander'
import type { AuditQuery, RecordFilters, RecordKind, RecordOutcome } from '../../audit/index.js'
import { ConfigurationError } from '../../errors.js'
import { isDuration, secondsOf } from '../../lifecycle/duration.js'

export interface FilterFlags extends Omit<RecordFilters, 'requestId' | 'outcome'> {
  readonly kind?: readonly string[]
  readonly request?: string
  readonly outcome?: string
}

export interface QueryFlags extends FilterFlags {
  readonly from?: string
  readonly to?: string
}

/** What is looked for. All of it must hold. */
export function withFilters(command: Command): Command {
  return command
    .option('--kind <kind...>', 'event (of a trail), attempt (of the ledger), application (default: all)')
    .option('--actor <name>', 'who; a * at the end leaves the rest open')
    .option('--key <kek>', 'the id of a KEK')
    .option('--tenant <id>', 'of the application, or in the encryption context')
    .option('--entity <name>', 'entity of the credential')
    .option('--row <key>', 'primary key of the credential')
    .option('--operation <name>', 'what was done, as the provider names it, or its class')
    .option('--outcome <outcome>', 'success, denied, throttled, error or unanswered')
    .option('--state <state>', 'what the reconciliation concluded, such as unaccounted')
    .option('--provider <name>', 'whose KMS')
    .option('--request <id>', 'request id of the KMS or of the application')
    .option('--category <category>', 'of application events, such as audit')
}

export function withQuery(command: Command): Command {
  return withFilters(command)
    .option(
      '--from <when>',
      'an instant such as 2026-05-01, or how long ago, such as 7d (default: 30 days before --to)',
    )
    .option('--to <when>', 'likewise; what is from then on is not found (default: now)')
}

export function filtersOf(flags: FilterFlags): Omit<AuditQuery, 'from' | 'to'> {
  const { kind, request, outcome, actor, key, tenant, entity, row, operation, state, provider, category } = flags
  const given = { actor, key, tenant, entity, row, operation, outcome, state, provider, requestId: request, category }
  return {
    ...(kind && { kinds: kind as readonly RecordKind[] }),
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
      outcome?: RecordOutcome
    }),
  }
}

export function queryOf(flags: QueryFlags, now = new Date()): AuditQuery {
  const { from, to } = flags
  return {
    ...filtersOf(flags),
    ...(from !== undefined && { from: instantOf('--from', from, now) }),
    ...(to !== undefined && { to: instantOf('--to', to, now) }),
  }
}

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/

/** In UTC: an instant without a zone would be another one for everybody. */
export function instantOf(option: string, text: string, now: Date): Date {
  if (isDuration(text)) return new Date(now.getTime() - secondsOf(text) * 1_000)
  const instant = new Date(text)
  // A day that does not exist would be taken for one of the next month.
  if (
    !INSTANT.test(text) ||
    Number.isNaN(instant.getTime()) ||
    instant.toISOString().slice(0, 10) !== text.slice(0, 10)
  ) {
    const expected = 'an instant in UTC such as 2026-05-01 or 2026-05-01T18:00:00Z, or a duration such as 7d'
    throw new ConfigurationError(`${option}: expected ${expected}, found "${text}"`)
  }
  return instant
}
