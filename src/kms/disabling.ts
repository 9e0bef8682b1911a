import type { KekRef } from './provider.js'

/** How a version of a KEK is taken out of use so that it can come back. Never how it is destroyed. */
export interface Disabling {
  /** What the KMS can do, what it affects beside, and how to take it back. */
  readonly explanation: string
  /** For a shell; none where there is nothing to run. */
  readonly commands: readonly string[]
}

/** What a provider knows about it. The KEK is what somebody typed: only what it has checked is put into a command. */
export type DescribeDisabling = (kek: KekRef) => Disabling
