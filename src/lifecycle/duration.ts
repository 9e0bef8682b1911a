const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800, y: 31_536_000 }
const DURATION = /^([1-9]\d{0,8})([smhdwy])$/

export function isDuration(text: unknown): boolean {
  return typeof text === 'string' && DURATION.test(text)
}

/** Of a text that `isDuration` holds of. A year has 365 days. */
export function secondsOf(text: string): number {
  const [, number, unit] = DURATION.exec(text)!
  return Number(number) * SECONDS[unit!]!
}
