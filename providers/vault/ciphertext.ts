/** `vault:v<version>:<base64>`; every version of a key writes its number in front. */
const CIPHERTEXT = /^vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})$/
/** A data key, its IV and tag are 60 bytes. */
const LONGEST = 1_024

export interface TransitCiphertext {
  readonly text: string
  readonly version: string
}

/** Undefined for anything else, base64 that is not canonical included: Vault would read over what was added to it. */
export function parseCiphertext(text: unknown): TransitCiphertext | undefined {
  const [, version, base64] = (typeof text === 'string' && text.length <= LONGEST && CIPHERTEXT.exec(text)) || []
  if (version === undefined || base64 === undefined) return undefined
  if (Buffer.from(base64, 'base64').toString('base64') !== base64) return undefined
  return { text: text as string, version }
}
