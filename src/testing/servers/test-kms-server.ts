import type { ServerFaults } from './server-faults.js'

/** One call that reached a test server. */
export interface ServerCall {
  /** The vendor's name of the operation. */
  readonly operation: string
  /** Who called, as far as the protocol says. */
  readonly identity: string
  readonly requestId: string
  /** `ok`, or the vendor's code of the refusal; absent while there is no reply, and for ever where it was lost. */
  status?: string
}

/** A KMS of one vendor on a port of the loopback interface, for tests: real cryptography, no account, nothing on disk. */
export interface TestKmsServer {
  /** What the vendor's SDK is pointed at: a URL, or `host:port` where the protocol has no URLs. */
  readonly endpoint: string
  /** Environment for a client: what it is configured with and what it trusts. */
  readonly environment: Readonly<Record<string, string>>
  readonly faults: ServerFaults
  readonly calls: readonly ServerCall[]
  /** Moves the server's clock forward, by which it dates versions, delays and tokens. */
  advance(ms: number): void
  close(): Promise<void>
}

export interface TestKmsServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** A server of the same protocol that does the work: this one then only adds faults and the list of calls. */
  readonly upstream?: string
}

/** Starts the server of one vendor. */
export type StartTestKmsServer = (options?: TestKmsServerOptions) => Promise<TestKmsServer>
