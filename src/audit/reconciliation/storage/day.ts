const DAY_MS = 86_400_000
/** So far clocks may differ, and requests reach into the next day. */
const MARGIN_MS = 3_600_000

/** A day in UTC, and what is looked at around it. */
export class Day {
  /** Such as `2026-11-26`. */
  readonly name: string
  readonly from: number
  readonly to: number
  readonly firstLook: Date
  readonly lastLook: Date

  constructor(name: string) {
    this.name = name
    this.from = Date.parse(`${name}T00:00:00Z`)
    this.to = this.from + DAY_MS
    this.firstLook = new Date(this.from - MARGIN_MS)
    this.lastLook = new Date(this.to + MARGIN_MS)
  }

  has(time: number): boolean {
    return time >= this.from && time < this.to
  }
}
