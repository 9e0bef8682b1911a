import type { Normalized } from '../../../src/audit/trail/audit-event.js'
import { storedIdOf } from '../key-arn.js'
import { uidOf } from './event-uid.js'
import { listOf, type Members, membersOf, present, textOf } from './members.js'
import { operationClassOf } from './operations.js'
import { timeOf } from './time-of-event.js'

/**
 * What the KMS sends to EventBridge itself: that a key was rotated or deleted, or that key material expired.
 * https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html
 */
export function normalizeNotice(envelope: Members, receivedAt: Date | undefined): Normalized {
  const operation = textOf(envelope['detail-type'])
  const time = timeOf(envelope.time)
  if (operation === undefined || time === undefined) return { quarantined: 'an event of the KMS without type or time' }
  const [account, region] = [textOf(envelope.account) ?? 'unknown', textOf(envelope.region) ?? 'unknown']
  const kek = listOf(envelope.resources)
    .map(textOf)
    .find((each) => each?.includes(':key/'))
  const detail = membersOf(envelope.detail)
  return {
    event: {
      ...uidOf(envelope, envelope.id),
      ...time,
      ...present<object>({
        receivedAt,
        kekId: kek && storedIdOf(kek),
        requestedKey: kek === undefined ? textOf(detail['key-id']) : undefined,
      }),
      scope: `${account}/${region}`,
      kind: 'lifecycle',
      operation,
      operationClass: operationClassOf(operation),
      outcome: 'success',
    },
  }
}
