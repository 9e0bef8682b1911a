import type { VerifierKey } from '../integrity/note-key.js'
import { openNote } from '../integrity/signed-note.js'
import { MANIFEST, NOTE, type PackFile, type PackManifest, sha256, signedText } from './manifest.js'

/** What the files may have together when they are unpacked: a pack of somebody else's may claim anything. */
const MOST_BYTES = 1 << 28
const NAME = /^[a-z][\w./-]*$/i

export interface PackVerdict {
  /** In a sentence each. None: the pack is what was signed. */
  readonly problems: readonly string[]
  readonly manifest?: PackManifest
}

/** Needs the pack and the key, and nothing else. Never throws for what the pack holds. */
export async function verifyEvidencePack(pack: Uint8Array, key: VerifierKey): Promise<PackVerdict> {
  const files = await unpack(pack)
  if (typeof files === 'string') return { problems: [files] }
  const { [MANIFEST]: manifest, [NOTE]: note, ...rest } = files
  if (!manifest || !note) return { problems: [`expected ${MANIFEST} and ${NOTE} in the pack, found it without`] }
  if (openNote(Buffer.from(note).toString(), [key]) !== signedText(manifest)) {
    return { problems: [`${NOTE}: not a signature of ${MANIFEST} by the key ${key.text}`] }
  }
  // Whoever signed it made it: from here on it is of the shape that it says.
  const parsed = JSON.parse(Buffer.from(manifest).toString()) as PackManifest
  const listed = new Map(parsed.files.map((file) => [file.name, file]))
  const problems = [
    ...parsed.files.flatMap((file) => problemOf(file, rest[file.name])),
    ...Object.keys(rest).flatMap((name) => (listed.has(name) ? [] : [`${name}: not in the manifest`])),
  ]
  return { problems, manifest: parsed }
}

function problemOf({ name, bytes, sha256: expected }: PackFile, found: Uint8Array | undefined): string[] {
  if (!found) return [`${name}: missing`]
  return found.length === bytes && sha256(found) === expected ? [] : [`${name}: changed`]
}

async function unpack(pack: Uint8Array): Promise<Readonly<Record<string, Uint8Array>> | string> {
  const { unzipSync } = await import('fflate')
  const names = new Set<string>()
  let bytes = 0
  let problem: string | undefined
  try {
    const files = unzipSync(pack, {
      filter: ({ name, originalSize }) => {
        bytes += originalSize
        if (bytes > MOST_BYTES) problem ??= `the files of the pack have more than ${MOST_BYTES} bytes`
        if (!NAME.test(name)) problem ??= `expected names of files in the pack, found ${JSON.stringify(name)}`
        // Which of them another program unpacks is its own choice.
        if (names.has(name)) problem ??= `${name}: more than once in the pack`
        names.add(name)
        return problem === undefined
      },
    })
    return problem ?? files
  } catch {
    return 'not a ZIP'
  }
}
