import type { TrailRecord } from '../../../src/audit/trail/audit-event.js'
import type { TrailObject } from '../../../src/audit/trail/trail-reader.js'
import { hexSha256 } from './digest.js'
import type { ReadObject } from './log-bucket.js'
import { splitRecords } from './split-records.js'

/** What a signed digest says about a log file. */
export const DIGEST = 'digest'

/** The records of a log file, and the object as the mirror remembers it: with the hash of what is in it. */
export function readLogFile(
  bucket: string,
  file: ReadObject,
  isVerified: boolean,
): { records: TrailRecord[]; object: TrailObject } {
  const { name, contents = new Uint8Array() } = file
  const records = splitRecords(Buffer.from(contents).toString()).map((raw, index) => ({
    raw,
    reference: `s3://${bucket}/${name}#${index}`,
    ...(isVerified && { proof: DIGEST }),
  }))
  return { records, object: objectOf(file, isVerified) }
}

export function objectOf({ name, etag, size, contents }: ReadObject, digestVerified: boolean): TrailObject {
  return {
    name,
    etag,
    size,
    byteOffset: size,
    digestVerified,
    ...(contents && { sha256: Buffer.from(hexSha256(contents), 'hex') }),
  }
}
