import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { type Members, membersOf, present, textOf } from './members.js'

type Principal = Pick<AuditEvent, 'principalType' | 'principal' | 'principalName' | 'credentialId' | 'via'>

/**
 * Who called. The owner of a key sees of a caller in another account only its `principalId`; a user of the Identity Center
 * has no ARN; a service has no type either.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function principalOf(record: Members): Principal {
  const identity = membersOf(record.userIdentity)
  const session = membersOf(identity.sessionContext)
  const { identityStoreArn, userId } = membersOf(identity.onBehalfOf)
  const invokedBy = textOf(identity.invokedBy)
  const person = textOf(userId) && `${textOf(identityStoreArn) ?? 'identity-center'}/${textOf(userId)}`
  const principal = textOf(identity.arn) ?? textOf(identity.principalId) ?? person
  return present<Principal>({
    principalType: textOf(identity.type),
    principal: principal ?? invokedBy,
    principalName: textOf(identity.userName) ?? textOf(membersOf(session.sessionIssuer).userName),
    credentialId: textOf(identity.accessKeyId) ?? textOf(identity.credentialId),
    via: invokedBy,
  })
}

/** Nobody asked for it: AWS did it by itself. */
export function isOfAws(record: Members): boolean {
  if (record.eventType === 'AwsServiceEvent') return true
  const { type, arn, principalId, invokedBy } = membersOf(record.userIdentity)
  return [type, arn, principalId].every((each) => textOf(each) === undefined) && invokedBy === 'AWS Internal'
}
