import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AwsCallOptions, AwsReply } from './client.js'
import { correlated, type SentRequest } from './correlation.js'
import { awsFailureOf } from './errors.js'

/** One request by a client that `correlate` was told of, and its reply, reported. A failure is an error of ours. */
export async function exchange<T extends AwsReply>(
  operation: string,
  options: CallOptions,
  call: (passed: AwsCallOptions) => Promise<T>,
  kek?: KekRef,
): Promise<T> {
  const { signal, callToken, onReply } = options
  const sent: SentRequest = { callToken }
  const report = (status: string, requestId: string | undefined) =>
    onReply?.({
      operation,
      status,
      ...(requestId !== undefined && { requestId }),
      ...(sent.principal !== undefined && { principal: sent.principal }),
    })
  try {
    const reply = await correlated(sent, () => call(signal ? { abortSignal: signal } : {}))
    report('ok', reply.$metadata.requestId)
    return reply
  } catch (error) {
    // Before anything else: what the SDK makes of an abort is of no interest.
    signal?.throwIfAborted()
    const { failure, status, requestId, replied } = awsFailureOf(error)
    if (replied) report(status, requestId)
    throw vendorError(failure, {
      provider: 'aws',
      operation,
      status,
      ...(kek && { kek }),
      ...(requestId !== undefined && { requestId }),
    })
  }
}
