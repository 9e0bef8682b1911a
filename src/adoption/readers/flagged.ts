import { LegacyValueError } from '../../errors.js'
import type { LegacyReader, LegacyRow, LegacyValue } from '../../postgres/field-adoption.js'
import { openGcm, TAG_BYTES } from './legacy-cipher.js'
import type { LegacyKey } from './legacy-key.js'

export const ENCODINGS = ['base64', 'hex'] as const

export interface FlaggedFormat {
  /** The column that says whether the fields of a row are encrypted. */
  readonly flag: string
  /** The column of JSON in which IVs lie. */
  readonly metadata: string
  /** Where in it the IV of this field lies, such as `['password', 'iv']`. */
  readonly iv: readonly string[]
  /** Where in it the tag lies; absent where it is the end of the ciphertext. */
  readonly tag?: readonly string[]
  /** Of ciphertext, IV and tag. */
  readonly encoding: (typeof ENCODINGS)[number]
}

const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false }

/** AES-256-GCM where a flag says which rows are encrypted, and IVs and tags lie in a column of JSON beside the ciphertexts. */
export function flaggedReader(key: LegacyKey, format: FlaggedFormat): LegacyReader {
  return {
    name: 'flagged',
    columns: [format.flag, format.metadata],
    authenticates: true,
    recognizes(_stored, row) {
      const flag = FLAGS[row[format.flag] ?? '']
      if (flag !== undefined) return flag
      throw new LegacyValueError(
        `expected the flag in column "${format.flag}" to be true, false, 1 or 0, found another value`,
      )
    },
    read(stored, row) {
      const all = decode(stored, format)
      const iv = decode(memberOf(row[format.metadata], format.iv), format)
      if (!all || !iv) return undefined
      if (!format.tag)
        return openGcm(key(), { iv, tag: all.subarray(-TAG_BYTES), ciphertext: all.subarray(0, -TAG_BYTES) })
      const tag = decode(memberOf(row[format.metadata], format.tag), format)
      return tag && openGcm(key(), { iv, tag, ciphertext: all })
    },
  }
}

function decode(value: LegacyValue | undefined, { encoding }: FlaggedFormat): Buffer | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, encoding)
  const isCanonical = bytes.toString(encoding) === (encoding === 'hex' ? value.toLowerCase() : value)
  return isCanonical ? bytes : undefined
}

function memberOf(json: LegacyRow[string] | undefined, path: readonly string[]): string | undefined {
  try {
    const found = path.reduce<unknown>(
      (value, name) => {
        return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? Reflect.get(value, name)
          : undefined
      },
      JSON.parse(json ?? 'null'),
    )
    return typeof found === 'string' ? found : undefined
  } catch {
    return undefined
  }
}
