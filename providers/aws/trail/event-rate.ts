import { PAGE, REQUEST_INTERVAL_MS } from './lookup-pages.js'
import { READS_OF_AN_EVENT, type TrailWindow } from './sweeps.js'

/** Over less a burst would look like a rate. */
const SHORTEST_MS = 3 * 60_000

/** How many events a second the sweeps can read, each as often as it has to be. */
export const MOST_PER_SECOND = (PAGE * 1_000) / REQUEST_INTERVAL_MS / READS_OF_AN_EVENT

/** How many events there are, by what was read last. */
export class EventRate {
  #perSecond: number | undefined

  get perSecond(): number | undefined {
    return this.#perSecond
  }

  note(events: number, { from, to }: TrailWindow): void {
    const ms = to.getTime() - from.getTime()
    if (ms >= SHORTEST_MS) this.#perSecond = (events * 1_000) / ms
  }
}
