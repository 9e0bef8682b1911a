/** Complete groups, then what one or two bytes give: the unused bits of the last character are zero. */
const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/

/** Whether a short text is base64url without padding, in its canonical spelling, of so many bytes. */
export function isBase64url(text: string, leastBytes: number, mostBytes = leastBytes): boolean {
  const bytes = Math.floor((text.length * 3) / 4)
  return bytes >= leastBytes && bytes <= mostBytes && CANONICAL.test(text)
}

/**
 * Decodes base64url without padding, and only its canonical spelling: Node ignores foreign characters and unused bits,
 * which would give one ciphertext many spellings. Undefined for anything else.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
