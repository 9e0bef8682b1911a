import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { defined, type JsonObject, textAt } from '../../../src/kms/untrusted-json.js'

type Principal = Pick<AuditEvent, 'principalType' | 'principal' | 'principalName' | 'credentialId' | 'via'>

/**
 * Who called. The owner of a key sees of a caller in another account only its `principalId`; a user of the Identity Center
 * has no ARN; a service has no type either.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function principalOf(record: JsonObject): Principal {
  const of = (...path: string[]) => textAt(record, 'userIdentity', ...path)
  const invokedBy = of('invokedBy')
  return defined<Principal>({
    principalType: of('type'),
    principal: of('arn') ?? of('principalId') ?? personOf(record) ?? invokedBy ?? of('accountId'),
    principalName: of('userName') ?? of('sessionContext', 'sessionIssuer', 'userName'),
    credentialId: of('accessKeyId') ?? of('credentialId'),
    via: invokedBy,
  })
}

function personOf(record: JsonObject): string | undefined {
  const user = textAt(record, 'userIdentity', 'onBehalfOf', 'userId')
  const store = textAt(record, 'userIdentity', 'onBehalfOf', 'identityStoreArn')
  return user && `${store ?? 'identity-center'}/${user}`
}

/** Nobody asked for it: AWS did it by itself. */
export function isOfAws(record: JsonObject): boolean {
  if (record.eventType === 'AwsServiceEvent') return true
  const of = (name: string) => textAt(record, 'userIdentity', name)
  return (
    [of('type'), of('arn'), of('principalId')].every((each) => each === undefined) && of('invokedBy') === 'AWS Internal'
  )
}
