import { resolve } from 'node:path'
import { readAnchors } from '../../audit/integrity/anchor-file.js'
import { type CheckpointSigner, signerOf } from '../../audit/integrity/checkpoint-signer.js'
import { parseVerifierKey, type VerifierKey } from '../../audit/integrity/note-key.js'
import type { SignerDeclaration } from '../../config/checkpoints-section.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import { readPrivateFile } from '../../kms/private-file.js'

type Section = NonNullable<LoadedConfiguration['audit']>['checkpoints']

/** The section `audit.checkpoints` of a configuration, as objects. */
export interface Checkpoints {
  readonly origin: string
  /** By a key in a file. */
  readonly signer: CheckpointSigner | undefined
  /** By a key in a KMS. */
  readonly kmsSigner: SignerDeclaration | undefined
  /** Of the present signer. */
  readonly key: VerifierKey | undefined
  /** Whose signatures are believed, the present one first. */
  readonly keys: readonly VerifierKey[]
  readonly formerKeys: readonly VerifierKey[]
  /** Where checkpoints are anchored. */
  readonly file: string | undefined
  readonly kms: boolean
}

export async function checkpointsOf(configuration: LoadedConfiguration): Promise<Checkpoints> {
  const section: Section = configuration.audit?.checkpoints
  if (!section) {
    throw new ConfigurationError(
      `${configuration.source}: expected "audit.checkpoints" with "origin" and, of whoever signs, "keyFile" or "signer", else "verifierKey"; found nothing. "waxseal audit keygen" makes the key`,
    )
  }
  const { origin, keyFile, verifierKey, anchors } = section
  const inFolder = (file: string) => resolve(configuration.folder, file)
  const signer =
    keyFile === undefined ? undefined : signerOf(await readPrivateFile('checkpoints', 'keyFile', inFolder(keyFile)))
  const key = signer?.key ?? (verifierKey === undefined ? undefined : parseVerifierKey(verifierKey))
  const formerKeys = section.formerKeys.map(parseVerifierKey)
  const keys = [...(key ? [key] : []), ...formerKeys]
  const stranger = keys.find(({ name }) => name !== origin)
  if (stranger) {
    throw new ConfigurationError(
      `${configuration.source}: audit.checkpoints: expected keys of the name "${origin}", found one of "${stranger.name}"`,
    )
  }
  const file = anchors.file === undefined ? undefined : inFolder(anchors.file)
  return { origin, signer, kmsSigner: section.signer, key, keys, formerKeys, file, kms: anchors.kms }
}

/** Of the log, for an export; undefined where no log is configured. */
export async function verifierKeyOf(configuration: LoadedConfiguration): Promise<string | undefined> {
  return configuration.audit?.checkpoints && (await checkpointsOf(configuration)).keys[0]?.text
}

/** As in `log_anchor`. */
export function placeOfFile(file: string): string {
  return `file:${file}`
}

export async function anchoredNotes(file: string) {
  return { place: placeOfFile(file), notes: await readAnchors(file) }
}
