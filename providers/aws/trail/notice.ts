import type { Normalized } from '../../../src/audit/trail/audit-event.js'
import { defined, type JsonObject, listAt, textAt } from '../../../src/kms/untrusted-json.js'
import { storedIdOf } from '../key-arn.js'
import { uidOf } from './event-uid.js'
import { operationClassOf } from './operations.js'
import { scopeOf } from './scope.js'
import { timeOf } from './time-of-event.js'

/**
 * What the KMS sends to EventBridge itself: that a key was rotated or deleted, or that key material expired.
 * https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html
 */
export function normalizeNotice(envelope: JsonObject, receivedAt: Date | undefined): Normalized {
  const operation = textAt(envelope, 'detail-type')
  const time = timeOf(envelope.time)
  if (operation === undefined || time === undefined) return { quarantined: 'an event of the KMS without type or time' }
  const resources = listAt(envelope, 'resources').map((each) => textAt(each))
  const kek = resources.find((each) => each?.includes(':key/'))
  return {
    event: {
      ...uidOf(envelope, 'id'),
      ...time,
      ...defined<object>({
        receivedAt,
        kekId: kek && storedIdOf(kek),
        // Of a rotation the new one, as in the event of CloudTrail.
        kekVersion:
          textAt(envelope, 'detail', 'current-key-material-id') ?? textAt(envelope, 'detail', 'key-material-id'),
        requestedKey: kek === undefined ? textAt(envelope, 'detail', 'key-id') : undefined,
      }),
      scope: scopeOf(textAt(envelope, 'account'), textAt(envelope, 'region')),
      kind: 'lifecycle',
      operation,
      operationClass: operationClassOf(operation),
      outcome: 'success',
    },
  }
}
