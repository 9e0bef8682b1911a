import type { TimeWindow } from '../../../src/audit/trail/trail-reader.js'
import { AuditTrailGapError } from '../../../src/errors.js'
import { vendorError } from '../../../src/kms/vendor-failure.js'
import type { AwsCallOptions, AwsReply } from '../client.js'
import { awsFailureOf } from '../errors.js'

export interface CloudTrailKeys {
  listPublicKeys(
    request: { StartTime: Date; EndTime: Date; NextToken?: string },
    options?: AwsCallOptions,
  ): Promise<
    AwsReply & {
      readonly PublicKeyList?:
        | { readonly Value?: Uint8Array | undefined; readonly Fingerprint?: string | undefined }[]
        | undefined
      readonly NextToken?: string | undefined
    }
  >
}

/** The keys that CloudTrail signs digests with in one Region. They change, and their times of validity overlap. */
export class PublicKeys {
  readonly #client: CloudTrailKeys
  readonly #keys = new Map<string, Uint8Array>()

  constructor(client: CloudTrailKeys) {
    this.#client = client
  }

  /** Undefined where the Region had no such key at that time. */
  async find(fingerprint: string, valid: TimeWindow, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (!this.#keys.has(fingerprint)) await this.#load(valid, signal)
    return this.#keys.get(fingerprint)
  }

  async #load({ from, to }: TimeWindow, signal: AbortSignal): Promise<void> {
    let token: string | undefined
    do {
      const request = { StartTime: from, EndTime: to, ...(token !== undefined && { NextToken: token }) }
      const page = await this.#client.listPublicKeys(request, { abortSignal: signal }).catch((error: unknown) => {
        signal.throwIfAborted()
        const { failure, status } = awsFailureOf(error)
        if (failure !== 'denied') throw vendorError(failure, { provider: 'aws', operation: 'ListPublicKeys', status })
        throw new AuditTrailGapError('provider "aws": ListPublicKeys was refused; allow cloudtrail:ListPublicKeys')
      })
      for (const { Value, Fingerprint } of page.PublicKeyList ?? []) {
        if (Value !== undefined && Fingerprint !== undefined) this.#keys.set(Fingerprint, Value)
      }
      token = page.NextToken
    } while (token !== undefined)
  }
}
