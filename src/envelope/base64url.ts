/**
 * Decodes base64url without padding, and only its canonical spelling: Node ignores foreign characters and unused bits,
 * which would give one ciphertext many spellings. Undefined for anything else.
 */
export function decodeBase64url(text: string, expectedBytes?: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (expectedBytes !== undefined && bytes.length !== expectedBytes) return undefined
  return bytes.toString('base64url') === text ? bytes : undefined
}
