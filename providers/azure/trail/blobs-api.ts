/** An append file of a container. */
export interface ListedBlob {
  readonly name: string
  readonly size: number
  readonly etag: string
}

/** The container that a diagnostic setting writes to. Rejects as the SDK does. */
export interface BlobsApi {
  list(prefix: string, signal: AbortSignal): AsyncIterable<ListedBlob>
  read(name: string, offset: number, count: number, signal: AbortSignal): Promise<Uint8Array>
  /** Whether the container has a policy by which nothing in it is changed or deleted. */
  isImmutable(signal: AbortSignal): Promise<boolean>
}
