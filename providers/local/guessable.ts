/** A random key has about 30 distinct bytes; fewer than this happens once in 2^70 keys. */
const FEWEST_DISTINCT_BYTES = 13
const LONGEST_PERIOD = 16
const PRINTABLE = { first: 0x20, last: 0x7e }

/**
 * Says what is wrong with bytes that nobody drew at random: what stands in examples, tests and half-finished deployments.
 * Undefined for anything that could be random. It cannot tell a published random key from a private one.
 */
export function whyGuessable(bytes: Uint8Array): string | undefined {
  if (bytes.every((byte) => byte === 0)) return 'is all zero'
  if (isPeriodic(bytes)) return 'repeats the same bytes'
  if (isSequence(bytes)) return 'is a sequence of evenly spaced bytes'
  if (bytes.every((byte) => byte >= PRINTABLE.first && byte <= PRINTABLE.last)) {
    return 'is text and not random bytes (for a passphrase use a passphrase keyring)'
  }
  if (new Set(bytes).size < FEWEST_DISTINCT_BYTES) return 'has too few different bytes to be random'
  return undefined
}

/** Words and shapes of values that were meant to be replaced. Checked on the text, before it is decoded. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text)
}

// Each alternative is long enough that a random key of 43 characters contains it less than once in ten million.
const PLACEHOLDER =
  /change[-_ ]?me|replace|place[-_ ]?holder|example|your[-_ ]?(own[-_ ]?)?(key|pass|secret)|insert[-_ ]|correct[-_ ]?horse|x{8}|[<>…]|^(?<any>.)\k<any>*$/i

function isPeriodic(bytes: Uint8Array): boolean {
  for (let period = 1; period <= LONGEST_PERIOD; period++) {
    if (bytes.every((byte, index) => byte === bytes[index % period])) return true
  }
  return false
}

function isSequence(bytes: Uint8Array): boolean {
  const step = bytes[1]! - bytes[0]!
  return bytes.every((byte, index) => byte === ((bytes[0]! + index * step) & 0xff))
}
