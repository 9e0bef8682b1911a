import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { defined, type JsonObject, listAt, textAt } from '../../../src/kms/untrusted-json.js'
import { storedIdOf } from '../key-arn.js'

type Keys = Pick<AuditEvent, 'kekId' | 'sourceKekId' | 'requestedKey'>

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]*:\d{12}:key\/[^/]+$/
const BARE_ID = /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/**
 * Which keys an event is about, each as in our KEK refs, whatever name the caller typed: `resources` has the ARNs, and
 * a denied call has no resources. An alias alone names no key: what it pointed to at that time is not in the event.
 */
export function keysOf(record: JsonObject): Keys {
  const named = arnsOf(record)
  const typed = (name: string) => textAt(record, 'requestParameters', name)
  const arnOf = (text: string | undefined) => keyArnOf(text, record)
  const requestedKey = typed('keyId') ?? typed('destinationKeyId') ?? typed('aliasName') ?? typed('targetKeyId')
  const [mayNotRead, mayNot] = [refused(record, 'ReEncryptFrom'), refused(record)]
  const { source, destination } =
    record.eventName === 'ReEncrypt'
      ? rewrapped(
          named,
          arnOf(typed('sourceKeyId')) ?? mayNotRead,
          arnOf(typed('destinationKeyId')) ?? (mayNotRead === undefined ? mayNot : undefined),
        )
      : {
          source: undefined,
          destination: named[0] ?? answered(record, arnOf) ?? arnOf(typed('keyId') ?? typed('targetKeyId')) ?? mayNot,
        }
  return defined<Keys>({
    kekId: destination && storedIdOf(destination),
    sourceKekId: source && storedIdOf(source),
    requestedKey: requestedKey === destination ? undefined : requestedKey,
  })
}

function arnsOf(record: JsonObject): string[] {
  return listAt(record, 'resources').flatMap((each) => {
    const text = textAt(each, 'ARN') ?? textAt(each, 'arn')
    return text !== undefined && KEY.test(text) ? [text] : []
  })
}

/** `resources` of a ReEncrypt names the source and then the destination; another account's copy has its own key alone. */
function rewrapped(named: readonly string[], typedSource: string | undefined, typedDestination: string | undefined) {
  const [first, second] = named
  if (first !== undefined && second !== undefined) {
    const isSwapped = first === typedDestination && second !== typedDestination
    return isSwapped ? { source: second, destination: first } : { source: first, destination: second }
  }
  const destination = typedDestination ?? (first === typedSource ? undefined : first)
  return { source: typedSource ?? (first === destination ? undefined : first), destination }
}

/** A refusal can have neither resources nor parameters, and says in words what was refused. No name of a caller holds a space. */
function refused(record: JsonObject, permission = ''): string | undefined {
  const [, asked = '', arn = ''] = / kms:(\S+) on resource: (arn:\S+)/.exec(textAt(record, 'errorMessage') ?? '') ?? []
  return asked.startsWith(permission) && KEY.test(arn) ? arn : undefined
}

/** Operations on keys answer with the key, the ones that use it do not. */
function answered(record: JsonObject, arnOf: (text: string | undefined) => string | undefined): string | undefined {
  const of = (...path: string[]) => arnOf(textAt(record, ...path))
  return (
    of('responseElements', 'keyMetadata', 'arn') ??
    of('responseElements', 'keyId') ??
    // What the KMS did by itself.
    of('serviceEventDetails', 'keyId')
  )
}

function keyArnOf(typed: string | undefined, record: JsonObject): string | undefined {
  if (typed === undefined || KEY.test(typed)) return typed
  const [region, account] = [textAt(record, 'awsRegion'), textAt(record, 'recipientAccountId')]
  // A bare id can only be a key of the caller's own account and region.
  if (!BARE_ID.test(typed) || region === undefined || account === undefined) return undefined
  return `arn:${partitionOf(region)}:kms:${region}:${account}:key/${typed}`
}

/** https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html, by how their Regions begin. */
const PARTITIONS = {
  ...{ cn: 'aws-cn', 'us-gov': 'aws-us-gov', eusc: 'aws-eusc' },
  ...{ 'us-iso': 'aws-iso', 'us-isob': 'aws-iso-b', 'eu-isoe': 'aws-iso-e', 'us-isof': 'aws-iso-f' },
}

function partitionOf(region: string): string {
  return Object.entries(PARTITIONS).find(([start]) => region.startsWith(`${start}-`))?.[1] ?? 'aws'
}
