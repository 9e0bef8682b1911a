import { cipherOf } from '../../config/connect-cipher.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import type { EnvelopeBinding } from '../../envelope/binding.js'
import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { describeKek, type KekRef, sameKek } from '../../kms/provider.js'
import { failureOf } from '../failure.js'

/**
 * What the configuration makes of a KEK. `current`: the next wrap is under it. `accepted`: what is under it is read. `unlisted`:
 * what has no other wrap is refused. `unknown`: a KMS that has to be asked what is current did not answer.
 */
export type Standing = 'current' | 'accepted' | 'unlisted' | 'unknown'

export interface Standings {
  /** By the description of the KEK. */
  readonly of: ReadonlyMap<string, Standing>
  /** Why some are unknown. */
  readonly problem?: string
}

/** Asks the KMS which KEKs are current, and uses none. The context decides where each tenant has a KEK. */
export async function standingsOf(
  configuration: LoadedConfiguration,
  keks: readonly KekRef[],
  context: Readonly<Record<string, string>>,
): Promise<Standings> {
  const binding = { entity: 'waxseal-doctor', context }
  let problem: string | undefined
  const of = new Map<string, Standing>()
  let cipher: EnvelopeCipher | undefined
  let current: KekRef[] = []
  try {
    cipher = await cipherOf(configuration)
    current = await cipher.currentKeks(binding)
  } catch (error) {
    problem = failureOf(error).message
  }
  for (const kek of keks) {
    const isCurrent = current.some((each) => sameKek(each, kek))
    const standing = isCurrent ? 'current' : await acceptance(cipher, kek, binding)
    // A KEK that is accepted may be the current one, which nobody could ask for.
    of.set(describeKek(kek), problem && standing === 'accepted' ? 'unknown' : standing)
  }
  await cipher?.close()
  return { of, ...(problem !== undefined && { problem }) }
}

async function acceptance(
  cipher: EnvelopeCipher | undefined,
  kek: KekRef,
  binding: EnvelopeBinding,
): Promise<Standing> {
  if (!cipher) return 'unknown'
  try {
    return (await cipher.accepts(kek, binding)) ? 'accepted' : 'unlisted'
  } catch {
    return 'unknown'
  }
}
