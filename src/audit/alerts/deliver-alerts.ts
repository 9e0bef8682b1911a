import { type Clock, systemClock } from '../../kms/clock.js'
import { uuidV7 } from '../../kms/uuid-v7.js'
import type { Queryable } from '../../postgres/queryable.js'
import type { Severity } from '../reconciliation/finding.js'
import { type Alert, dueAlerts } from './due-alerts.js'
import { sendWebhook, type Webhook } from './send-webhook.js'

/** More than a person reads; the rest follows in the next pass. */
const AT_A_TIME = 100
/** What a receiver answers to what is in one message; every other answer is to whoever sends it. */
const OF_MESSAGE = ['400', '413', '422']

export interface Delivery {
  readonly alert: Alert
  readonly delivered: boolean
  /** The status, or what went wrong. */
  readonly answer: string
}

/**
 * Tells of findings that nobody was told of, a message for each, and notes beside the finding that it was taken. One that was
 * not taken is tried again in the next pass, under the same id.
 */
export async function deliverAlerts(
  client: Queryable,
  webhook: Webhook,
  minimum: Severity,
  { clock = systemClock, signal }: { readonly clock?: Clock; readonly signal?: AbortSignal } = {},
): Promise<Delivery[]> {
  const deliveries: Delivery[] = []
  for (const alert of await dueAlerts(client, minimum, AT_A_TIME)) {
    const body = JSON.stringify({ type: 'waxseal.audit.finding', timestamp: alert.openedAt, data: alert })
    const sent = await sendWebhook(webhook, alert.id, body, { clock, ...(signal && { signal }) })
    deliveries.push({ alert, ...sent })
    if (!sent.delivered && OF_MESSAGE.includes(sent.answer)) continue
    // Nobody is there: the others would wait as long, one after the other.
    if (!sent.delivered) break
    await client.query(
      `INSERT INTO waxseal.finding_note (id, finding, action, reason, detail) VALUES ($1, $2, 'alerted', 'webhook', $3)`,
      [uuidV7(clock.now()), alert.id, JSON.stringify({ status: sent.answer })],
    )
  }
  return deliveries
}
