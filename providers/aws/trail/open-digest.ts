import { type Digest, isSignedBy, parseDigest } from './digest.js'
import type { ReadObject } from './log-bucket.js'
import { isBackfill, type TrailPlace } from './object-names.js'
import type { PublicKeys } from './public-keys.js'

const HOUR = 3_600_000

/** The digest, where CloudTrail signed it for this place, in this Region; else what is wrong with it. */
export async function openDigest(
  found: ReadObject | undefined,
  place: TrailPlace,
  keys: PublicKeys,
  signal: AbortSignal,
): Promise<Digest | string> {
  if (found === undefined) return 'the digest was listed and is gone'
  const { contents, metadata, name } = found
  const digest = contents && parseDigest(contents, metadata)
  if (digest === undefined) return 'the object is no digest that is signed by SHA256withRSA'
  if (digest.bucket !== place.bucket || digest.name !== name) return 'the digest was made for another place'
  if (digest.account !== place.account) return `the digest is of account ${digest.account}`
  const valid = validityOf(digest, metadata)
  const key = await keys.find(digest.fingerprint, valid, signal)
  if (key === undefined)
    return `no public key of CloudTrail in ${place.region} has the fingerprint ${digest.fingerprint}`
  return isSignedBy(key, digest) ? digest : 'the signature does not fit the digest'
}

/** When it was signed: a later one was signed by the key of its own time. */
function validityOf({ name, start, end }: Digest, metadata: ReadObject['metadata']) {
  const made = Date.parse(metadata['backfill-generation-timestamp'] ?? '')
  if (!isBackfill(name) || Number.isNaN(made)) return { from: start, to: end }
  return { from: new Date(made - HOUR), to: new Date(made + HOUR) }
}
