import { type Clock, systemClock } from '../../kms/clock.js'
import { pause } from '../../kms/pause.js'
import { signWebhook } from './sign-webhook.js'

const TIMEOUT_MS = 10_000
/** Between the tries. */
const PAUSES_MS = [500, 2_000, 8_000]

export interface Webhook {
  readonly url: string
  readonly key: Buffer
}

/**
 * Sends one message, and again where nobody answered or the answer says to come back. Resolves with the status that took it,
 * else with what was answered last; never rejects but for the signal.
 */
export async function sendWebhook(
  { url, key }: Webhook,
  id: string,
  body: string,
  { clock = systemClock, signal }: { readonly clock?: Clock; readonly signal?: AbortSignal } = {},
): Promise<{ readonly delivered: boolean; readonly answer: string }> {
  for (let tries = 0; ; tries++) {
    const answer = await post(url, { ...signWebhook(key, id, new Date(clock.now()), body) }, body)
    if (typeof answer === 'number' && answer >= 200 && answer < 300) return { delivered: true, answer: String(answer) }
    const mayHelp = typeof answer === 'string' || answer === 408 || answer === 429 || answer >= 500
    const wait = PAUSES_MS[tries]
    if (!mayHelp || wait === undefined) return { delivered: false, answer: String(answer) }
    await pause(wait, clock, signal)
  }
}

/** The status, or the code of what went wrong: messages of the runtime repeat the URL, which may hold a token. */
async function post(url: string, headers: Record<string, string>, body: string): Promise<number | string> {
  try {
    const { status, body: reply } = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      // A signed message is for this address and no other.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await reply?.cancel()
    return status
  } catch (error) {
    const { name, cause } = error as Error
    return (cause as { code?: string } | undefined)?.code ?? name
  }
}
