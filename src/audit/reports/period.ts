import { ConfigurationError } from '../../errors.js'
import { isDuration, secondsOf } from '../../lifecycle/duration.js'

/** In UTC. */
export interface Period {
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
}

export const DAY_MS = 86_400_000

/**
 * A year (`2026`), quarter (`2026-Q3`), month (`2026-09`), day, two days with dots between (`2026-07-01..2026-09-30`, both
 * included), or the time up to now (`90d`).
 */
export function parsePeriod(text: string, now: Date): Period {
  if (isDuration(text)) return { from: new Date(now.getTime() - secondsOf(text) * 1_000), to: now }
  const period = ofCalendar(text) ?? ofDays(text)
  if (period && period.from < period.to) return period
  throw new ConfigurationError(
    'the period: expected a year (2026), a quarter (2026-Q3), a month (2026-09), a day, two days, the earlier one first ' +
      `(2026-07-01..2026-09-30), or a duration up to now (90d), found ${JSON.stringify(text)}`,
  )
}

function ofCalendar(text: string): Period | undefined {
  const [, year, quarter, month] = /^(\d{4})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?$/.exec(text) ?? []
  if (year === undefined) return undefined
  const first = quarter ? (Number(quarter) - 1) * 3 : month ? Number(month) - 1 : 0
  const months = quarter ? 3 : month ? 1 : 12
  return {
    from: new Date(Date.UTC(Number(year), first)),
    to: new Date(Date.UTC(Number(year), first + months)),
  }
}

function ofDays(text: string): Period | undefined {
  const [, first, last = first] = /^(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?$/.exec(text) ?? []
  const [from, to] = [dayOf(first), dayOf(last)]
  return from && to && { from, to: new Date(to.getTime() + DAY_MS) }
}

/** A day that does not exist would be taken for one of the next month. */
function dayOf(text: string | undefined): Date | undefined {
  const date = new Date(`${text}T00:00:00Z`)
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text ? undefined : date
}
