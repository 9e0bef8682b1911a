import { once } from 'node:events'
import type { ApplicationEvent } from './application-event.js'

/** Writes an event as one line, without its end. */
export type EventFormat = (event: ApplicationEvent) => string

/** The part of a `Writable` that is used here. */
export interface EventStream {
  readonly destroyed: boolean
  write(text: string): boolean
  on(event: 'drain' | 'close' | 'error', run: () => void): unknown
  once(event: 'drain' | 'close' | 'error', run: () => void): unknown
}

/**
 * Writes events on, after they were stored. Waits for a stream that takes no more, so that memory stays bounded; one that
 * is gone is left alone, since the table has every event.
 */
export class StreamSink {
  readonly #stream: EventStream
  readonly #format: EventFormat

  constructor(stream: EventStream, format: EventFormat) {
    this.#stream = stream
    this.#format = format
    stream.on('error', () => undefined)
  }

  async write(events: readonly ApplicationEvent[]): Promise<void> {
    if (events.length === 0 || this.#stream.destroyed) return
    if (this.#stream.write(events.map((event) => `${this.#format(event)}\n`).join(''))) return
    await Promise.race([once(this.#stream as never, 'drain'), once(this.#stream as never, 'close')]).catch(
      () => undefined,
    )
  }
}
