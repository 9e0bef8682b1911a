import { metrics, type ObservableCallback } from '@opentelemetry/api'
import { INSTRUMENTATION } from './instrumentation.js'

/** What `plaintextReadsOf(dataSource)` of `waxseal/typeorm` counts. */
export interface CountedRead {
  /** The field's logical id. */
  readonly field: string
  readonly reader: string
  readonly reads: number
}

export interface PlaintextReadsObservation {
  /** No measurement mentions them from here on. */
  stop(): void
}

/**
 * Measures, whenever a reader of metrics asks, how often rows without an envelope were read, by field and reader:
 * `observePlaintextReads(() => plaintextReadsOf(dataSource))`. A count that stands still is the end of an adoption.
 */
export function observePlaintextReads(counts: () => readonly CountedRead[]): PlaintextReadsObservation {
  const counter = metrics.getMeter(INSTRUMENTATION).createObservableCounter('waxseal.adoption.plaintext_reads', {
    description: 'Reads of fields of rows that have no envelope yet',
    unit: '{read}',
  })
  const observe: ObservableCallback = (result) => {
    for (const { field, reader, reads } of counts()) {
      result.observe(reads, { 'waxseal.field': field, 'waxseal.reader': reader })
    }
  }
  counter.addCallback(observe)
  return { stop: () => counter.removeCallback(observe) }
}
