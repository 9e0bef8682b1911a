import { normalize } from '../../../providers/aws/trail/normalize.js'
import type { AuditEvent, Normalized } from '../../../src/audit/trail/audit-event.js'

export const ACCOUNT = '111122223333'
export const REGION = 'eu-central-1'
export const KEY_ID = '0f9e8d7c-6b5a-4321-8765-0123456789ab'
export const KEY_ARN = `arn:aws:kms:${REGION}:${ACCOUNT}:key/${KEY_ID}`
export const OTHER_KEY_ARN = `arn:aws:kms:${REGION}:${ACCOUNT}:key/11111111-2222-4333-8444-555555555555`

/** A record of CloudTrail as the KMS writes it, with whatever a test needs to be otherwise. */
export function decryptRecord(changes: object = {}): object {
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROATESTROLE:service-1',
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/service/service-1`,
      accountId: ACCOUNT,
      accessKeyId: 'ASIATESTACCESSKEY',
      sessionContext: { sessionIssuer: { type: 'Role', userName: 'service' } },
    },
    eventTime: '2026-03-01T10:20:30Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    awsRegion: REGION,
    sourceIPAddress: '203.0.113.9',
    userAgent: 'aws-sdk-js/3.1162.0 ua/2.1 md/call#8a6f8d9e-0000-4000-8000-000000000001',
    requestParameters: { keyId: KEY_ARN, encryptionContext: { 'waxseal-entity': 'Mailbox' } },
    responseElements: null,
    additionalEventData: { keyMaterialId: 'ab'.repeat(32) },
    requestID: 'aaaaaaaa-0000-4000-8000-000000000001',
    eventID: 'bbbbbbbb-0000-4000-8000-000000000001',
    readOnly: true,
    resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: KEY_ARN }],
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
    ...changes,
  }
}

export function normalized(record: unknown): Normalized {
  return normalize({ raw: JSON.stringify(record) })
}

export function eventOf(record: unknown): AuditEvent {
  const found = normalized(record)
  if ('event' in found) return found.event
  throw new Error(`expected an event, found ${JSON.stringify(found)}`)
}

export function decryptEvent(changes: object = {}): AuditEvent {
  return eventOf(decryptRecord(changes))
}
