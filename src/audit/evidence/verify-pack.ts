import type { VerifierKey } from '../integrity/note-key.js'
import { openNote } from '../integrity/signed-note.js'
import { MANIFEST, NOTE, type PackFile, type PackManifest, sha256, signedText } from './manifest.js'

/** What a file may have when it is unpacked: a pack of somebody else's may claim anything. */
const MOST_BYTES = 1 << 28

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
  let tooLarge = false
  try {
    const files = unzipSync(pack, {
      filter: ({ originalSize }) => {
        tooLarge ||= originalSize > MOST_BYTES
        return !tooLarge
      },
    })
    return tooLarge ? `a file of the pack has more than ${MOST_BYTES} bytes` : files
  } catch {
    return 'not a ZIP'
  }
}
