import type { CurrentKeks, ReportSources } from '../../audit/index.js'
import { retentionPeriods } from '../../audit/retention/periods.js'
import { census, type TableCensus } from '../../census/index.js'
import { cipherOf } from '../../config/connect-cipher.js'
import { knownTrails } from '../../config/known-trails.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import type { ProtectedTable } from '../../postgres/protected-table.js'
import type { Queryable } from '../../postgres/queryable.js'
import { trailsInUse } from '../audit/trails-in-use.js'
import { failureOf } from '../failure.js'

/**
 * What a report is made of. A KMS that does not say what is current is a limit of the report, not its end. `tables` is asked
 * by the reports that count rows alone.
 */
export function sourcesOf(
  client: Queryable,
  configuration: LoadedConfiguration,
  { tables, now }: { readonly tables: () => Promise<readonly ProtectedTable[]>; readonly now: Date },
): ReportSources {
  const { environment, rotation, audit } = configuration
  let counted: Promise<TableCensus[]> | undefined
  let asked: Promise<CurrentKeks> | undefined
  return {
    ...{ client, now, keys: audit?.keys ?? [], principals: audit?.principals ?? [] },
    retention: retentionPeriods(audit?.retention),
    census() {
      counted ??= tables().then((found) => census(client, found))
      return counted
    },
    async withoutTrail() {
      return (await trailsInUse(client, knownTrails(audit))).withoutTrail
    },
    currentKeks() {
      asked ??= askProviders(configuration)
      return asked
    },
    ...(environment !== undefined && { environment }),
    ...(rotation && { rotationEvery: rotation.every }),
  }
}

async function askProviders(configuration: LoadedConfiguration): Promise<CurrentKeks> {
  try {
    await using cipher = await cipherOf(configuration)
    return { keks: await cipher.currentKeks({ entity: 'waxseal-doctor', context: {} }), limits: [] }
  } catch (error) {
    return { keks: undefined, limits: [`Which KEKs are current is not known: ${failureOf(error).message}`] }
  }
}
