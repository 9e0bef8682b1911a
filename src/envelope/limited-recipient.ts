import type { Clock } from '../kms/clock.js'
import { withDeadline } from '../kms/deadline.js'
import type { CallOptions, WrapOnlyRecipient } from '../kms/provider.js'

/** Ends the calls of a recipient that is no `KmsProvider` at their deadline, whether it listens to its signal or not. */
export function limitedRecipient(recipient: WrapOnlyRecipient, timeoutMs: number, clock: Clock): WrapOnlyRecipient {
  const limit = <T>(options: CallOptions = {}, call: (limited: CallOptions) => Promise<T>): Promise<T> => {
    const deadline = options.deadline ?? clock.now() + timeoutMs
    return withDeadline(`recipient "${recipient.name}"`, { ...options, deadline }, clock, call)
  }
  return {
    name: recipient.name,
    currentKek: (context, options) => limit(options, (limited) => recipient.currentKek(context, limited)),
    wrap: (dataKey, context, options) => limit(options, (limited) => recipient.wrap(dataKey, context, limited)),
  }
}
