import { isSignedBy, type VerifierKey } from './note-key.js'

/** A text and signatures of it, as C2SP `signed-note` says: the text, an empty line, a line for each signature. */
const SIGNATURE = /^— (\S+) ([A-Za-z0-9+/]+=*)$/u
const ID_BYTES = 4

/** `text` ends with a line end, which is signed too. */
export function noteOf(text: string, key: VerifierKey, signature: Uint8Array): string {
  return `${text}\n— ${key.name} ${Buffer.concat([key.id, signature]).toString('base64')}\n`
}

/** The text, if one of the keys signed it. Signatures of other keys say nothing, and one that is wrong makes all of it wrong. */
export function openNote(note: string, keys: readonly VerifierKey[]): string | undefined {
  const end = note.lastIndexOf('\n\n')
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2).split('\n')
  if (end < 1 || lines.pop() !== '' || lines.length === 0) return undefined
  let isSigned = false
  for (const line of lines) {
    const [, name, encoded] = SIGNATURE.exec(line) ?? []
    if (name === undefined || encoded === undefined) return undefined
    const bytes = Buffer.from(encoded, 'base64')
    const key = keys.find((known) => known.name === name && known.id.equals(bytes.subarray(0, ID_BYTES)))
    if (!key) continue
    if (!isSignedBy(key, Buffer.from(text), bytes.subarray(ID_BYTES))) return undefined
    isSigned = true
  }
  return isSigned ? text : undefined
}
