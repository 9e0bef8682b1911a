export interface UtcTime {
  /** To the millisecond. */
  readonly date: Date
  /** To the nanosecond, in one spelling of each time. */
  readonly text: string
}

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s?(?:Z|UTC|([+-]\d\d:\d\d))?$/i

/** Seconds since 1970 by the digits that they have for centuries, with a fraction, or in milli-, micro- or nanoseconds. */
const EPOCH = /^(\d{10})(?:\.(\d{1,9})\d*|(\d{3}|\d{6}|\d{9}))?$/
/** As BigQuery writes a double. */
const POWER = /^\d\.\d+E9$/

/**
 * A time of RFC 3339, also with a space in it, and in UTC where no offset is given; or as a number, as tables have it.
 * Undefined for what is none.
 */
export function parseUtcTime(text: string): UtcTime | undefined {
  const [, seconds, decimals, digits] = EPOCH.exec(POWER.test(text) ? String(Number(text)) : text) ?? []
  if (seconds !== undefined) {
    return parseUtcTime(`${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}.${decimals ?? digits ?? 0}Z`)
  }
  const [, day, time, fraction = '', offset = 'Z'] = TIME.exec(text) ?? []
  const start = Date.parse(`${day}T${time}${offset}`)
  if (Number.isNaN(start)) return undefined
  const nanos = fraction.padEnd(9, '0')
  const whole = new Date(start).toISOString()
  // An offset can lead out of the years that have four digits.
  if (!/^\d{4}-/.test(whole)) return undefined
  return { date: new Date(start + Number(nanos.slice(0, 3))), text: whole.replace('.000Z', `.${nanos}Z`) }
}
