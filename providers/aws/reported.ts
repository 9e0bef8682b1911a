import type { CallOptions } from '../../src/kms/provider.js'
import type { AwsCallOptions, AwsReply } from './client.js'
import { correlated, type SentRequest } from './correlation.js'
import { awsFailureOf } from './errors.js'

/** One request by a client that `correlate` was told of, its reply reported. Rejects with what the SDK made of a refusal. */
export async function reported<T extends AwsReply>(
  operation: string,
  { signal, callToken, onReply }: CallOptions,
  call: (passed: AwsCallOptions) => Promise<T>,
): Promise<T> {
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
    const { status, requestId, replied } = awsFailureOf(error)
    if (replied) report(status, requestId)
    throw error
  }
}
