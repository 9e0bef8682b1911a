import { type ErrorCode, isWaxsealError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import type { EncryptionContext } from '../kms/context.js'
import type { DataKey } from '../kms/data-key.js'
import {
  type CallOptions,
  type KekRef,
  type KmsProvider,
  sameKek,
  type WrapOnlyRecipient,
  type WrappedDataKey,
} from '../kms/provider.js'
import type { KekList } from './kek-list.js'
import type { StoredWrap, WrappedMetadata } from './metadata.js'
import { readable } from './metadata-codec.js'
import { storedWrapOf, wrappedDataKeyOf } from './stored-wrap.js'
import { unwrapCommitted } from './unwrap-in-order.js'

type Target = KmsProvider | WrapOnlyRecipient

export interface RewrapCallOptions extends CallOptions {
  /** `false`: new wraps are not unwrapped. For whoever keeps the old ones until that is done. Default `true`. */
  readonly prove?: boolean
}

export interface RewrapJob {
  readonly metadata: WrappedMetadata
  readonly context: EncryptionContext
  /** Provider, then recipients: the order of the new wraps. */
  readonly targets: readonly Target[]
  readonly list: KekList
  /** The data key, for targets that cannot rewrap what is stored. */
  readonly open: () => Promise<DataKey>
  /** Before new wraps are given out. */
  readonly announce: (wraps: readonly StoredWrap[]) => Promise<void>
  /** Whether new wraps are unwrapped before they are given out. */
  readonly prove: boolean
  readonly clock: Clock
}

export function currentKeks(
  targets: readonly Target[],
  context: EncryptionContext,
  options: CallOptions,
): Promise<KekRef[]> {
  return Promise.all(targets.map((target) => target.currentKek(context, options)))
}

export function isStale(metadata: WrappedMetadata, current: readonly KekRef[]): boolean {
  return metadata.wraps.length !== current.length || !current.every((kek) => wrapUnder(metadata, kek))
}

/**
 * The metadata with its data key wrapped under the current KEKs; the same object when it already is. At least one wrap of
 * what is returned was unwrapped here, unless the job keeps what is dropped: it may have been the only one that opens.
 */
export async function rewrapAll(job: RewrapJob, options: CallOptions): Promise<WrappedMetadata> {
  const { metadata, targets, clock } = job
  const current = await currentKeks(targets, job.context, options)
  if (!isStale(metadata, current)) return metadata
  const kept = current.map((kek) => wrapUnder(metadata, kek))
  const isProven = targets.some((target, index) => 'unwrap' in target && !kept[index])
  const wraps = await Promise.all(
    targets.map(async (target, index) => {
      const stored = kept[index]
      if (stored && (!job.prove || isProven || index > 0)) return stored
      const wrapped = stored ? wrappedDataKeyOf(stored) : await rewrapFor(job, target, options)
      if (job.prove) await prove(job, target, wrapped, options)
      return stored ?? storedWrapOf(target.name, wrapped, clock.now())
    }),
  )
  const next = readable({ ...metadata, wrap: metadata.wrap + 1, wraps })
  await job.announce(wraps)
  return next
}

function wrapUnder(metadata: WrappedMetadata, kek: KekRef): StoredWrap | undefined {
  // A version that the KMS did not report may be an old one: never taken for current.
  return kek.version === '' ? undefined : metadata.wraps.find((wrap) => sameKek(wrap.kek, kek))
}

async function rewrapFor(job: RewrapJob, target: Target, options: CallOptions): Promise<WrappedDataKey> {
  const { metadata, context, list } = job
  if ('rewrap' in target) {
    for (const own of metadata.wraps.filter(({ kek }) => list.providersFor(kek).includes(target))) {
      try {
        return await target.rewrap(wrappedDataKeyOf(own), context, options)
      } catch (error) {
        if (!isWaxsealError(error) || !ANOTHER_WRAP_MAY_OPEN.has(error.code)) throw error
      }
    }
  }
  return target.wrap(await job.open(), context, options)
}

/** A KEK of the same name that this instance was not configured with, one that is gone, and a wrap that was altered. */
const ANOTHER_WRAP_MAY_OPEN = new Set<ErrorCode>([
  'ERR_KEK_NOT_ACCEPTED',
  'ERR_KEK_UNAVAILABLE',
  'ERR_DECRYPTION_FAILED',
])

async function prove(job: RewrapJob, target: Target, wrapped: WrappedDataKey, options: CallOptions): Promise<void> {
  if (!('unwrap' in target)) return
  const dataKey = await unwrapCommitted(target, wrapped, job.metadata, job.context, options)
  dataKey.destroy()
}
