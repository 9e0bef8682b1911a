import type { CurrentKeks, ReportSources } from '../../audit/index.js'
import { retentionPeriods } from '../../audit/retention/periods.js'
import { census, type TableCensus } from '../../census/index.js'
import { cipherOf } from '../../config/connect-cipher.js'
import { knownTrails } from '../../config/known-trails.js'
import type { Queryable } from '../../postgres/queryable.js'
import { trailsInUse } from '../audit/trails-in-use.js'
import { type ConfiguredTables, tablesOn } from '../configured.js'
import { failureOf } from '../failure.js'

/** What a report is made of. A KMS that does not say what is current is a limit of the report, not its end. */
export async function readSources(client: Queryable, setup: ConfiguredTables, now: Date): Promise<ReportSources> {
  const { environment, rotation, audit } = setup.configuration
  const tables = await tablesOn(client, setup)
  let counted: Promise<TableCensus[]> | undefined
  let asked: Promise<CurrentKeks> | undefined
  return {
    ...{ client, now, keys: audit?.keys ?? [], principals: audit?.principals ?? [] },
    retention: retentionPeriods(audit?.retention),
    census() {
      counted ??= census(client, tables)
      return counted
    },
    async withoutTrail() {
      return (await trailsInUse(client, knownTrails(audit))).withoutTrail
    },
    currentKeks() {
      asked ??= askProviders(setup)
      return asked
    },
    ...(environment !== undefined && { environment }),
    ...(rotation && { rotationEvery: rotation.every }),
  }
}

async function askProviders({ configuration }: ConfiguredTables): Promise<CurrentKeks> {
  try {
    await using cipher = await cipherOf(configuration)
    return { keks: await cipher.currentKeks({ entity: 'waxseal-doctor', context: {} }), limits: [] }
  } catch (error) {
    return { keks: undefined, limits: [`Which KEKs are current is not known: ${failureOf(error).message}`] }
  }
}
