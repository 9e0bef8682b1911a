import { VERSION } from '../../lifecycle/version.js'
import { inSnapshot } from '../../postgres/in-transaction.js'
import type { CheckpointSigner } from '../integrity/checkpoint-signer.js'
import { noteOf } from '../integrity/signed-note.js'
import { readStoredCheckpoint } from '../integrity/stored-checkpoint.js'
import { type Report, reportOf } from '../reports/make-report.js'
import type { Period } from '../reports/period.js'
import { renderings } from '../reports/render.js'
import type { ReportSources } from '../reports/report.js'
import { reports } from '../reports/reports.js'
import { controlMap } from './control-map.js'
import { MANIFEST, NOTE, type PackManifest, sha256, signedText } from './manifest.js'
import { packReadme } from './pack-readme.js'

export interface PackOptions {
  /** What the reports are about. */
  readonly period: Period
  /** Who asks, for the headers. */
  readonly by: string
  /** Vouches for the pack: the key of the checkpoints. */
  readonly signer: CheckpointSigner
  /** Called with the name of each report that is done. */
  readonly onReport?: (name: string) => void
}

/**
 * All reports of a period with their map of controls, a page on how to verify them, the last checkpoint of the log, and a
 * signed manifest, as one ZIP. Reads the tables as they are at one moment, and writes nothing. The client of `sources` is one
 * connection, in no transaction.
 */
export async function makeEvidencePack(sources: ReportSources, options: PackOptions): Promise<Uint8Array> {
  const { period, by, signer } = options
  const files: Record<string, Uint8Array> = {}
  const add = (name: string, text: string) => {
    files[name] = Buffer.from(text)
  }
  const { made, checkpoint } = await readAtOnce(sources, options)
  for (const report of made) {
    for (const format of ['json', 'csv', 'html'] as const) {
      add(`reports/${report.header.name}.${format}`, renderings[format](report))
    }
  }
  const controls = controlMap(reports)
  add('controls.json', `${JSON.stringify(controls, null, 2)}\n`)
  add('checkpoint.txt', checkpoint?.note ?? 'The log has no checkpoint.\n')
  const about = {
    ...({ format: 'waxseal-evidence-pack', version: 1, madeBy: `waxseal ${VERSION}` } as const),
    ...{ madeAt: sources.now.toISOString(), askedBy: by, environment: sources.environment ?? null },
    period: { from: period.from.toISOString(), to: period.to.toISOString() },
  }
  add('README.md', packReadme({ ...about, files: [] }, controls))
  const listed = Object.entries(files).map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: sha256(bytes) }))
  const manifest: PackManifest = { ...about, files: listed }
  add(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`)
  const text = signedText(files[MANIFEST]!)
  add(NOTE, noteOf(text, signer.key, await signer.sign(Buffer.from(text))))
  const { zipSync } = await import('fflate')
  return zipSync(files, { mtime: sources.now })
}

/** What comes while they are made is in none of them: the reports of a pack agree with each other and with its checkpoint. */
async function readAtOnce(sources: ReportSources, { period, by, onReport }: PackOptions) {
  return inSnapshot(sources.client, async () => {
    const checkpoint = await readStoredCheckpoint(sources.client)
    const made: Report[] = []
    for (const definition of reports) {
      made.push(await reportOf(definition, sources, { period, by, checkpoint }))
      onReport?.(definition.name)
    }
    return { made, checkpoint }
  })
}
