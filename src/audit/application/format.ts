import { escaped } from '../escaped.js'
import { applicationToOcsf } from '../ocsf/application-to-ocsf.js'
import type { ApplicationEvent } from './application-event.js'
import type { EventFormat } from './sink.js'

/** One line of JSON with the names of the columns. */
export function jsonLine({ id, occurredAt, actor, kek, row, ...rest }: ApplicationEvent): string {
  return escaped(
    JSON.stringify({
      ...{ id, occurred_at: occurredAt.toISOString(), ...rest },
      ...(actor && {
        ...{ actor: actor.actor, tenant: actor.tenant, purpose: actor.purpose, ticket: actor.ticket },
        ...{ request: actor.requestId, ip: actor.ip },
      }),
      ...(row !== undefined && { row_key: row }),
      ...(kek && { kek_provider: kek.provider, kek_id: kek.id, kek_version: kek.version }),
    }),
  )
}

/** One line to read: when, what, with what outcome, who, and the rest by name. Harmless on a terminal. */
export function humanLine({
  occurredAt,
  category,
  action,
  outcome,
  reason,
  actor,
  detail,
  ...about
}: ApplicationEvent) {
  const { entity, row, envelope, kek } = about
  const named = {
    ...{
      tenant: actor?.tenant,
      purpose: actor?.purpose,
      ticket: actor?.ticket,
      request: actor?.requestId,
      ip: actor?.ip,
    },
    ...{ entity, row, envelope, kek: kek && `${kek.provider}:${kek.id}@${kek.version}`, ...detail },
  }
  const pairs = Object.entries(named).filter(([, value]) => value !== undefined)
  const ended = reason === undefined ? outcome : `${outcome} (${reason})`
  const words = [occurredAt.toISOString(), `${category}/${action}`, ended, `by ${actor ? quoted(actor.actor) : '?'}`]
  return escaped([...words, ...pairs.map(([name, value]) => `${name}=${quoted(value)}`)].join(' '))
}

export const FORMATS = {
  json: jsonLine,
  human: humanLine,
  ocsf: (event) => escaped(JSON.stringify(applicationToOcsf(event))),
} as const satisfies Record<string, EventFormat>

export type FormatName = keyof typeof FORMATS

/** With quotes where it would not be told from what stands beside it. */
function quoted(value: unknown): string {
  const text = String(value)
  return /^[^\s"=\\]+$/.test(text) ? text : JSON.stringify(text)
}
