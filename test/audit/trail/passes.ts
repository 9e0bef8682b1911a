import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import type { ProviderTrail } from '../../../src/audit/trail/provider-trail.js'
import type {
  CursorValue,
  ReaderState,
  TrailBatch,
  TrailObject,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'

/** What one source keeps of what a reader brings, as a mirror does: each event once, the cursor and the objects of the last batch. */
export class ReaderPasses {
  readonly events = new Map<string, AuditEvent>()
  readonly quarantined: string[] = []
  readonly batches: TrailBatch[] = []
  sightings = 0
  cursor: CursorValue = null
  readonly #objects = new Map<string, TrailObject>()
  readonly #reader: TrailReader
  readonly #normalize: ProviderTrail['normalize']

  constructor(reader: TrailReader, normalize: ProviderTrail['normalize']) {
    this.#reader = reader
    this.#normalize = normalize
  }

  get operations(): string[] {
    return [...this.events.values()].map(({ operation }) => operation)
  }

  get covered() {
    return this.batches.flatMap(({ covered }) => covered ?? [])
  }

  /** One pass. `crashAfter`: so many batches are stored, then the process ends. */
  async read(now: Date, crashAfter = Number.POSITIVE_INFINITY): Promise<void> {
    const state: ReaderState = { cursor: this.cursor, object: async (name) => this.#objects.get(name) }
    let stored = 0
    for await (const batch of this.#reader.read(now, state, new AbortController().signal)) {
      this.#store(batch)
      if (++stored >= crashAfter) return
    }
  }

  #store(batch: TrailBatch): void {
    for (const record of batch.records) {
      const normalized = this.#normalize(record)
      if ('quarantined' in normalized) this.quarantined.push(record.raw)
      if (!('event' in normalized)) continue
      this.sightings++
      this.events.set(normalized.event.uid, this.events.get(normalized.event.uid) ?? normalized.event)
    }
    for (const object of batch.objects ?? []) this.#objects.set(object.name, object)
    this.cursor = JSON.parse(JSON.stringify(batch.cursor)) as CursorValue
    this.batches.push(batch)
  }
}
