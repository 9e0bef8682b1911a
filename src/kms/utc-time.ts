export interface UtcTime {
  /** To the millisecond. */
  readonly date: Date
  /** To the nanosecond, in one spelling of each time. */
  readonly text: string
}

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s?(?:Z|UTC|([+-]\d\d:\d\d))?$/i

/** A time of RFC 3339, also with a space in it, and in UTC where no offset is given. Undefined for what is none. */
export function parseUtcTime(text: string): UtcTime | undefined {
  const [, day, time, fraction = '', offset = 'Z'] = TIME.exec(text) ?? []
  const seconds = Date.parse(`${day}T${time}${offset}`)
  if (Number.isNaN(seconds)) return undefined
  const nanos = fraction.padEnd(9, '0')
  const whole = new Date(seconds).toISOString()
  // An offset can lead out of the years that have four digits.
  if (!/^\d{4}-/.test(whole)) return undefined
  return { date: new Date(seconds + Number(nanos.slice(0, 3))), text: whole.replace('.000Z', `.${nanos}Z`) }
}
