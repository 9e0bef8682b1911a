import { type JsonObject, listAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'
import type { SharedFile } from '../../setup/shared-data.js'

/** Whose trail a sample is of, by the first word of its path that says so. */
const WORDS = new Map(
  Object.entries({
    aws: ['aws', 'cloudtrail', 'eventbridge'],
    azure: ['azure', 'keyvault', 'managedhsm'],
    gcp: ['gcp', 'google', 'cloudkms', 'cloudaudit'],
    local: ['local'],
    vault: ['vault', 'openbao', 'bao', 'transit'],
  }).flatMap(([provider, words]) => words.map((word) => [word, provider] as const)),
)
/** What lies beside samples. */
const ASIDE = /\.(md|rst|html?|sha\d*)$|(^|\/)(\.[^/]*|[A-Z]+)$/

/** By provider; under the name of none those that nothing says it of. */
export function samplesByProvider(files: readonly SharedFile[]): ReadonlyMap<string, SharedFile[]> {
  const samples = new Map<string, SharedFile[]>()
  for (const file of files.filter(({ name }) => !ASIDE.test(name))) {
    const words = file.name.toLowerCase().split(/[^a-z]+/)
    const provider = words.map((word) => WORDS.get(word)).find((each) => each !== undefined) ?? ''
    samples.set(provider, [...(samples.get(provider) ?? []), file])
  }
  return samples
}

/** What services, clients and shippers call a list of records. */
const LISTS = ['Records', 'records', 'Events', 'events', 'entries', 'value', 'logEvents', 'Messages', 'messages']

/** As a reader takes a file apart: the records of a list, or of lines. One by itself is left as it is written. */
export function recordsIn(content: string): readonly string[] {
  const parsed = parseJson(content)
  const lines = content.split('\n').filter((line) => line.trim() !== '')
  if (parsed === undefined) return lines.length > 1 ? lines : [content]
  const lists = [listAt(parsed), ...LISTS.map((name) => listAt(parsed, name))]
  const several = lists.find((list) => list.length > 1)
  return several?.map((each) => JSON.stringify(each)) ?? [content]
}

/** What an event says of itself: found by looking at every object in a record, and not as the normalisers find it. */
export interface Plain {
  readonly operation: string
  readonly isRefused: boolean
}

const PLAIN: Readonly<Record<string, (found: JsonObject) => Plain | undefined>> = {
  aws: ({ eventSource, eventName, eventCategory = 'Management', errorCode }) =>
    eventSource === 'kms.amazonaws.com' && typeof eventName === 'string' && eventCategory === 'Management'
      ? { operation: eventName, isRefused: typeof errorCode === 'string' && errorCode !== '' }
      : undefined,
  gcp: ({ serviceName, methodName, status }) =>
    serviceName === 'cloudkms.googleapis.com' && typeof methodName === 'string'
      ? { operation: methodName.split('.').at(-1) ?? '', isRefused: Number(textAt(status, 'code') ?? 0) !== 0 }
      : undefined,
  azure: ({ resourceId, category, operationName, properties }) =>
    /\/microsoft\.keyvault\//i.test(String(resourceId)) &&
    category === 'AuditEvent' &&
    typeof operationName === 'string'
      ? { operation: operationName, isRefused: Number(textAt(properties, 'httpStatusCode') ?? 0) >= 400 }
      : undefined,
  vault: ({ type, request, error }) =>
    type === 'response' && textAt(request, 'mount_type') === 'transit'
      ? { operation: 'transit/', isRefused: typeof error === 'string' && error !== '' }
      : undefined,
}

/** Undefined where no object in the record says plainly that it is an event of the KMS. */
export function plainIn(provider: string, record: string): Plain | undefined {
  const look = (value: unknown): Plain | undefined => {
    if (typeof value !== 'object' || value === null) return undefined
    const own = PLAIN[provider]?.(value as JsonObject)
    return (
      own ??
      Object.values(value)
        .map(look)
        .find((each) => each !== undefined)
    )
  }
  return look(parseJson(record))
}
