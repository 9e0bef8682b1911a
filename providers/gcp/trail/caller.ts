import { type JsonObject, listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'

/** Tokens of the ledger's attempts are UUIDs; another reason is somebody else's. */
const TOKEN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Who called, from where and with what, as far as the entry says. All of it but the identity is claimed by the caller. */
export function callerOf(payload: JsonObject | undefined) {
  const caller = objectAt(payload, 'authenticationInfo')
  const metadata = objectAt(payload, 'requestMetadata')
  // Workload identities have no e-mail address, and one can be redacted.
  const subject = textAt(caller, 'principalSubject')
  const principal = textAt(caller, 'principalEmail') ?? subject
  const reason = textAt(metadata, 'requestAttributes', 'reason')
  return {
    principal,
    principalType: principal === undefined ? undefined : typeOf(principal, subject),
    principalName: subject === principal ? undefined : subject,
    credentialId: textAt(caller, 'serviceAccountKeyName'),
    via: delegationOf(caller),
    source: textAt(metadata, 'callerIp') ?? textAt(metadata, 'callerIP'),
    userAgent: textAt(metadata, 'callerSuppliedUserAgent'),
    callToken: reason !== undefined && TOKEN.test(reason) ? reason.toLowerCase() : undefined,
  }
}

/** `user`, `serviceAccount`, or as the subject begins: `principal` of a workload identity. */
function typeOf(principal: string, subject: string | undefined): string {
  const [, prefix] = /^([a-z]+):/i.exec(subject ?? '') ?? []
  return prefix ?? (principal.endsWith('gserviceaccount.com') ? 'serviceAccount' : 'user')
}

/** Who impersonates the service account: the first of the chain is who began it. */
function delegationOf(caller: JsonObject | undefined): string | undefined {
  const [first] = listAt(caller, 'serviceAccountDelegationInfo')
  return (
    textAt(first, 'firstPartyPrincipal', 'principalEmail') ??
    textAt(first, 'principalSubject') ??
    textAt(first, 'thirdPartyPrincipal', 'thirdPartyClaims', 'sub')
  )
}
