import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AwsCallOptions, AwsReply } from './client.js'
import { awsFailureOf } from './errors.js'
import { reported } from './reported.js'

/** One request by a client that `correlate` was told of, and its reply, reported. A failure is an error of ours. */
export async function exchange<T extends AwsReply>(
  operation: string,
  options: CallOptions,
  call: (passed: AwsCallOptions) => Promise<T>,
  kek?: KekRef,
): Promise<T> {
  try {
    return await reported(operation, options, call)
  } catch (error) {
    // Before anything else: what the SDK makes of an abort is of no interest.
    options.signal?.throwIfAborted()
    const { failure, status, requestId } = awsFailureOf(error)
    throw vendorError(failure, { provider: 'aws', operation, status, kek, requestId })
  }
}
