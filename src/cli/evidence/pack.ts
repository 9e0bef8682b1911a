import { access } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { makeEvidencePack, parsePeriod, reports } from '../../audit/index.js'
import { recordReview } from '../../audit/review/record-review.js'
import { ConfigurationError } from '../../errors.js'
import { assertSchema } from '../../lifecycle/index.js'
import { checkpointsOf } from '../audit/checkpoints.js'
import { type ConfiguredOptions, loadTables } from '../configured.js'
import { withDatabase } from '../database.js'
import { Progress, standardError } from '../progress.js'
import { readSources } from '../report/sources.js'
import { printJson, printLine } from '../terminal.js'
import { writePrivately } from '../write-privately.js'

interface Options extends ConfiguredOptions {
  readonly period: string
  readonly output: string
  readonly who?: string
  readonly json?: true
}

/** The signature is by the key of the checkpoints: `audit.checkpoints` of the configuration. */
export async function pack({ period: text, output, who, json, ...options }: Options): Promise<void> {
  const now = new Date()
  const period = parsePeriod(text, now)
  await assertAbsent(output)
  const setup = await loadTables(options)
  const { signer } = await checkpointsOf(setup.configuration)
  if (!signer) {
    throw new ConfigurationError(
      `${setup.configuration.source}: expected "audit.checkpoints.keyFile", whose key signs the pack, found none`,
    )
  }
  const progress = new Progress(standardError(), reports.length)
  const zip = await withDatabase(setup.configuration, setup.dataSource, async (client) => {
    await assertSchema(client)
    const sources = await readSources(client, setup, now)
    const detail = { from: period.from.toISOString(), to: period.to.toISOString() }
    await recordReview(client, 'evidence', detail)
    const by = who ?? userInfo().username
    return makeEvidencePack(sources, { period, by, signer, onReport: () => progress.advance(1) })
  })
  progress.end()
  await writePrivately(output, zip)
  if (json) printJson({ output, bytes: zip.length, reports: reports.length, verifierKey: signer.key.text })
  else printLine(`${output}: ${reports.length} reports, signed by ${signer.key.text}`)
}

/** Before minutes of work. */
async function assertAbsent(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (isThere) throw new ConfigurationError(`--output: ${file} exists; name a new file`)
}
