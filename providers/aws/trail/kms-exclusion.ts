import { type JsonObject, listAt, objectAt } from '../../../src/kms/untrusted-json.js'

export const KMS = 'kms.amazonaws.com'

/**
 * Which events of the KMS a trail leaves out by its event selectors, in words; `undefined` where it leaves out none. Takes
 * the answer of GetEventSelectors as well as the request of PutEventSelectors, whose members begin with small letters. Uses
 * of a key are *read* events, so that a trail of writes alone has none of them.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
 */
export function kmsExclusion(selectors: JsonObject): string | undefined {
  const basic = listAt(member(selectors, 'eventSelectors')).map(basicSelector)
  const advanced = listAt(member(selectors, 'advancedEventSelectors')).map(advancedSelector)
  const all = [...basic, ...advanced]
  const left = [
    ...(all.some(({ reads }) => reads) ? [] : ['reads']),
    ...(all.some(({ writes }) => writes) ? [] : ['writes']),
  ]
  if (left.length === 0) return undefined
  return `${left.join(' and ')} of ${KMS} are left out${because(all)}`
}

interface Logged {
  readonly reads: boolean
  readonly writes: boolean
  readonly because?: string
}

const because = (all: readonly Logged[]) => {
  const reasons = [...new Set(all.flatMap(({ because }) => because ?? []))]
  return reasons.length > 0 ? ` (${reasons.join('; ')})` : ''
}

function basicSelector(value: unknown): Logged {
  const selector = objectAt(value) ?? {}
  if (member(selector, 'includeManagementEvents') === false) return nothing('no management events')
  if (listAt(member(selector, 'excludeManagementEventSources')).includes(KMS)) return nothing(`excludes ${KMS}`)
  const type = member(selector, 'readWriteType') ?? 'All'
  return { reads: type !== 'WriteOnly', writes: type !== 'ReadOnly' }
}

/** All field selectors of one have to match. Any that narrows to some callers or operations is not all of the KMS. */
function advancedSelector(value: unknown): Logged {
  const fields = listAt(member(objectAt(value) ?? {}, 'fieldSelectors')).map((each) => objectAt(each) ?? {})
  const logged = { reads: true, writes: true }
  let isOfManagement = false
  for (const each of fields) {
    const [field, values] = [member(each, 'field'), listAt(member(each, 'equals'))]
    if (field === 'eventCategory') isOfManagement = values.includes('Management')
    else if (field === 'readOnly' && values.length > 0) logged[values.includes('true') ? 'writes' : 'reads'] = false
    else if (field !== 'eventSource') return nothing(`only some by ${String(field)}`)
    else if (!admits(each)) return nothing(`excludes ${KMS}`)
  }
  return isOfManagement ? logged : nothing('no management events')
}

const admits = (selector: JsonObject): boolean => {
  const of = (name: string) => listAt(member(selector, name)).map(String)
  const allowed: boolean[] = [
    !of('notEquals').includes(KMS),
    !of('notStartsWith').some((each) => KMS.startsWith(each)),
    !of('notEndsWith').some((each) => KMS.endsWith(each)),
    ...(of('equals').length > 0 ? [of('equals').includes(KMS)] : []),
    ...(of('startsWith').length > 0 ? [of('startsWith').some((each) => KMS.startsWith(each))] : []),
    ...(of('endsWith').length > 0 ? [of('endsWith').some((each) => KMS.endsWith(each))] : []),
  ]
  return allowed.every(Boolean)
}

const nothing = (reason: string): Logged => ({ reads: false, writes: false, because: reason })

function member(members: JsonObject, name: string): unknown {
  return members[name] ?? members[name[0]!.toUpperCase() + name.slice(1)]
}
