import { types } from 'node:util'
import { ConfigurationError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import { assertKnown } from '../kms/options.js'
import type { CallOptions, KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import type { AccessLog } from './access-log.js'
import type { DataKeyCacheOptions } from './data-key-cache.js'
import { MAX_WRAPS } from './format.js'
import type { AcceptedKek } from './kek-list.js'
import { PROVIDER_NAME } from './metadata-codec.js'

const RECIPIENT_METHODS = ['currentKek', 'wrap'] as const
const PROVIDER_METHODS = [...RECIPIENT_METHODS, 'generateDataKey', 'unwrap', 'rewrap'] as const
const CALL_OPTIONS = ['signal', 'deadline', 'callToken', 'onReply'] as const
const OPEN_OPTIONS = [...CALL_OPTIONS, 'expectedContext'] as const

export interface EnvelopeCipherOptions {
  /** Wraps new data keys, first in the list of wraps. */
  readonly provider: KmsProvider
  /** Each gets a wrap of its own: a second region or cloud, an offline recovery key. */
  readonly recipients?: readonly (KmsProvider | WrapOnlyRecipient)[]
  /** What may also be read. Moving to another KEK: accept it everywhere, then make it `provider`. */
  readonly accepted?: readonly AcceptedKek[]
  /** Unwrapped data keys in memory: 10,000 for 5 minutes unless said otherwise; `false` keeps none. */
  readonly cache?: DataKeyCacheOptions | false
  /** For operations that bring no deadline of their own. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  /** Told of every use of a data key. Default: nobody is. */
  readonly accessLog?: AccessLog
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

export interface OpenOptions extends CallOptions {
  /** Refuses a credential whose declared pairs differ, before any call to a KMS. */
  readonly expectedContext?: Readonly<Record<string, string>>
}

/** A mistyped option is a protection that the caller believes to have: it is refused, never ignored. */
export function assertCipherOptions(options: EnvelopeCipherOptions): void {
  assertMembers('EnvelopeCipher', options, [
    ...['provider', 'recipients', 'accepted', 'cache', 'timeoutMs', 'accessLog', 'clock'],
  ])
  const { recipients = [], accepted = [], cache = {}, timeoutMs, accessLog, clock } = options
  assertProvider('provider', options.provider, PROVIDER_METHODS)
  if (!Array.isArray(recipients) || recipients.length >= MAX_WRAPS) {
    throw refused('recipients', `a list of at most ${MAX_WRAPS - 1}`)
  }
  for (const each of recipients) assertProvider('recipients[]', each, RECIPIENT_METHODS)
  if (!Array.isArray(accepted)) throw refused('accepted', 'a list')
  for (const each of accepted) assertAccepted(each)
  if (cache !== false) {
    assertMembers('cache', cache, ['maxKeys', 'maxAgeMs'])
    assertPositive('cache.maxKeys', cache.maxKeys)
    assertPositive('cache.maxAgeMs', cache.maxAgeMs)
  }
  assertPositive('timeoutMs', timeoutMs)
  if (accessLog !== undefined) assertMethods('accessLog', accessLog, ['record', 'room'])
  if (clock !== undefined) assertMethods('clock', clock, ['now', 'after'])
}

/** For operations that give nobody a plaintext: an expected context would have no effect there. */
export function assertCallOptions(options: object): void {
  assertMembers('options', options, CALL_OPTIONS)
}

export function assertRewrapOptions(options: { readonly prove: unknown }): void {
  assertMembers('options', options, [...CALL_OPTIONS, 'prove'])
  if (typeof options.prove !== 'boolean') throw refused('prove', 'true or false')
}

export function assertOpenOptions(options: object): void {
  assertMembers('options', options, OPEN_OPTIONS)
}

function assertAccepted(entry: NonNullable<EnvelopeCipherOptions['accepted']>[number]): void {
  assertMembers('accepted[]', entry, ['provider', 'kek', 'until'])
  assertProvider('accepted[].provider', entry.provider, PROVIDER_METHODS)
  if (entry.kek !== undefined) {
    assertMembers('accepted[].kek', entry.kek, ['id', 'version'])
    const { id, version = '' } = entry.kek
    if (typeof id !== 'string' || typeof version !== 'string')
      throw refused('accepted[].kek', '{ id, version? } of strings')
  }
  const { until } = entry
  if (until !== undefined && !(types.isDate(until) && Number.isFinite(until.getTime()))) {
    throw refused('accepted[].until', 'a valid Date')
  }
}

function assertProvider(where: string, provider: KmsProvider | WrapOnlyRecipient, methods: readonly string[]): void {
  assertMethods(where, provider, methods)
  // It is stored with every wrap: one that cannot be read back would make every row unreadable.
  if (typeof provider.name !== 'string' || !PROVIDER_NAME.test(provider.name)) {
    throw refused(`${where}.name`, `a name that matches ${PROVIDER_NAME.source}`)
  }
}

function assertMethods(where: string, value: object, methods: readonly string[]): void {
  const has = (method: string) => typeof (value as Record<string, unknown>)[method] === 'function'
  if (typeof value !== 'object' || value === null || !methods.every(has)) {
    throw refused(where, `an object with the methods ${methods.join(', ')}`)
  }
}

function assertMembers(where: string, value: object, members: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw refused(where, 'an object')
  assertKnown(where, value, members)
}

function assertPositive(where: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) throw refused(where, 'a whole number from 1')
}

function refused(where: string, expected: string): ConfigurationError {
  return new ConfigurationError(`EnvelopeCipher: "${where}": expected ${expected}`)
}
