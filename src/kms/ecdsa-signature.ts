const SEQUENCE = 0x30
const INTEGER = 0x02

/** A signature `r ‖ s`, as JOSE has it, in the DER of X.509 and of signed notes. */
export function derOf(signature: Uint8Array): Buffer {
  const half = signature.length / 2
  const content = Buffer.concat([signature.subarray(0, half), signature.subarray(half)].map(integerOf))
  return Buffer.concat([Buffer.from([SEQUENCE, content.length]), content])
}

/** Without zeros in front, but for the one that keeps it positive. */
function integerOf(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = Buffer.from(first < 0 ? [0] : bytes.subarray(first))
  const sign = digits[0]! >= 0x80 ? [0] : []
  return Buffer.concat([Buffer.from([INTEGER, sign.length + digits.length, ...sign]), digits])
}
