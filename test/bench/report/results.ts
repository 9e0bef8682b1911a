import type { Figure } from '../harness/figure.js'
import type { Machine } from '../harness/machine.js'

/** One suite on one Node. */
export interface Run {
  /** As `process.version`. */
  readonly node: string
  readonly openssl: string
  /** How many processes wanted to run, on average over the minute before. */
  readonly load: number
  readonly figures: readonly Figure[]
}

/** What is committed of one suite. */
export interface Result {
  readonly machine: Machine
  readonly commit: string
  readonly runs: readonly Run[]
}

export const lineOf = (node: string): string => `Node ${node.replace(/^v/, '').split('.')[0]}`
