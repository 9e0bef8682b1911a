import { access } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { makeEvidencePack, parsePeriod, reports } from '../../audit/index.js'
import { recordReview } from '../../audit/review/record-review.js'
import { ConfigurationError } from '../../errors.js'
import { assertSchema } from '../../lifecycle/index.js'
import { checkpointsOf } from '../audit/checkpoints.js'
import { withSigner } from '../audit/with-signer.js'
import { type ConfiguredOptions, loadTables, tablesOn } from '../configured.js'
import { withDatabase } from '../database.js'
import { Progress, standardError } from '../progress.js'
import { sourcesOf } from '../report/sources.js'
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
  const { configuration, dataSource } = setup
  const checkpoints = await checkpointsOf(configuration)
  const signing = { configuration, dataSource, checkpoints, command: 'waxseal evidence pack' }
  const { zip, key } = await withSigner(signing, (signer) => {
    return withDatabase(configuration, dataSource, async (client) => {
      await assertSchema(client)
      const sources = sourcesOf(client, configuration, { tables: () => tablesOn(client, setup), now })
      const detail = { from: period.from.toISOString(), to: period.to.toISOString() }
      await recordReview(client, 'evidence', detail)
      using progress = new Progress(standardError(), reports.length)
      const by = who ?? userInfo().username
      const made = await makeEvidencePack(sources, { period, by, signer, onReport: () => progress.advance(1) })
      progress.end()
      return { zip: made, key: signer.key.text }
    })
  })
  await writePrivately(output, zip)
  if (json) printJson({ output, bytes: zip.length, reports: reports.length, verifierKey: key })
  else printLine(`${output}: ${reports.length} reports, signed by ${key}`)
}

/** Before minutes of work. */
async function assertAbsent(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (isThere) throw new ConfigurationError(`--output: ${file} exists; name a new file`)
}
