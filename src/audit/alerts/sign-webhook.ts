import { createHmac } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'

const PREFIX = 'whsec_'
const FEWEST_BYTES = 24

/** The key of a secret as Standard Webhooks writes it: base64 behind `whsec_`. Other text is taken as it is. */
export function webhookKey(secret: string): Buffer {
  const text = secret.trim()
  const key = text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), 'base64') : Buffer.from(text, 'utf8')
  if (key.length >= FEWEST_BYTES) return key
  throw new ConfigurationError(
    `the secret of the webhook has ${key.length} bytes, expected ${FEWEST_BYTES} or more; make one with "openssl rand -base64 32" and put whsec_ in front`,
  )
}

/**
 * The headers of Standard Webhooks: an id that stays the same when the message is sent again, the time, and the HMAC-SHA-256
 * of both with the body.
 */
export function signWebhook(key: Buffer, id: string, at: Date, body: string): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
