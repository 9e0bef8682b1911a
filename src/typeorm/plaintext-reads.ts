import type { DataSource } from 'typeorm'
import { sharedWeakMap } from './shared-state.js'

/** How often a process has read a field of rows without an envelope. */
export interface PlaintextRead {
  /** The field's logical id. */
  readonly field: string
  /** The reader that read it; `off` in the mode of that name. */
  readonly reader: string
  readonly reads: number
}

/** Counted since the DataSource was made. */
export class PlaintextReads {
  readonly #reads = new Map<string, PlaintextRead>()

  count(field: string, reader: string): void {
    const key = JSON.stringify([field, reader])
    this.#reads.set(key, { field, reader, reads: (this.#reads.get(key)?.reads ?? 0) + 1 })
  }

  get all(): readonly PlaintextRead[] {
    return [...this.#reads.values()]
  }
}

const counts = sharedWeakMap<DataSource, PlaintextReads>('waxseal.plaintext-reads')

export function countsOf(dataSource: DataSource): PlaintextReads {
  const known = counts.get(dataSource) ?? new PlaintextReads()
  counts.set(dataSource, known)
  return known
}

/** What this process has read of rows without an envelope, by field and reader. Zero everywhere is the end of an adoption. */
export function plaintextReadsOf(dataSource: DataSource): readonly PlaintextRead[] {
  return countsOf(dataSource).all
}
