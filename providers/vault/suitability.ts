import type { TransitKey } from './calls.js'

/** Types that encrypt with authentication and can derive. */
const TYPES: readonly unknown[] = ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305']

/** Why a key must not be used, as far as its description says; none if it may. */
export function keyProblems(name: string, key: TransitKey): string[] {
  const { latest_version: version } = key
  // A secret of another engine can lie at the same path.
  if (key.name !== name || !Number.isSafeInteger(version) || (version as number) < 1) {
    return ['what answers there is no transit engine; expected a mount of type transit']
  }
  return [
    ...(TYPES.includes(key.type) ? [] : [`its type is none of ${TYPES.join(', ')}`]),
    ...(key.derived === true ? [] : ['it is not derived, so that it would bind no encryption context']),
    ...(key.convergent_encryption === true ? ['it is convergent, so that equal data keys look equal'] : []),
  ]
}
