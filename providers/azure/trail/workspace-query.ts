import type { ArrivalRules, ArrivalWindow } from '../../../src/kms/arrival-windows.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Arrival is what counts: records can be some days late. */
export const WORKSPACE: ArrivalRules = {
  overlapMs: 15 * MINUTE_MS,
  latenessMs: 48 * HOUR_MS,
  sweepMs: 74 * HOUR_MS,
  keptMs: 30 * 24 * HOUR_MS,
  settlesMs: MINUTE_MS,
}

/** The part of a window that one query asks for: by the time of arrival, or in a sweep by the time of the events. */
export interface QueryPart {
  readonly by: 'arrival' | 'time'
  readonly happenedFrom: Date
  readonly from: Date
  readonly to: Date
}

export function wholeOf({ arrivedFrom, happenedFrom, to }: ArrivalWindow): QueryPart {
  return arrivedFrom
    ? { by: 'arrival', happenedFrom, from: arrivedFrom, to }
    : { by: 'time', happenedFrom, from: happenedFrom, to }
}

/** The earlier and the later half. */
export function halvesOf(part: QueryPart): readonly [QueryPart, QueryPart] {
  const middle = new Date((part.from.getTime() + part.to.getTime()) / 2)
  return [
    { ...part, to: middle },
    { ...part, from: middle },
  ]
}

/**
 * Both tables that a diagnostic setting may fill, and the Activity Log where the workspace collects it. A table that is not
 * there is left out (`isfuzzy`), and a column that no record ever had is empty (`column_ifexists`): either would fail the
 * query. Whole records, as text, so that their times keep all digits.
 */
export function workspaceQuery(host: string, part: QueryPart): string {
  const vault = host.split('.')[0] as string
  const during =
    part.by === 'time'
      ? `TimeGenerated >= ${datetime(part.from)} and TimeGenerated < ${datetime(part.to)}`
      : `TimeGenerated > ${datetime(part.happenedFrom)} and ingestion_time() >= ${datetime(part.from)} ` +
        `and ingestion_time() < ${datetime(part.to)}`
  const leg = (table: string, ofVault: string) =>
    `(${table} | where ${during} | where ${ofVault} | project TimeGenerated, Ingested = ingestion_time(), ` +
    'Record = tostring(pack_all(true)))'
  const ofResource = `tolower(column_ifexists("_ResourceId", "")) endswith "/${vault}"`
  const ofHost = (column: string) => `tolower(column_ifexists("${column}", "")) startswith "https://${host}"`
  return [
    'union isfuzzy=true',
    [
      leg('AZKVAuditLogs', `${ofResource} or ${ofHost('Id')} or ${ofHost('RequestUri')}`),
      leg('AzureDiagnostics', `${ofResource} or ${ofHost('id_s')} or ${ofHost('requestUri_s')}`),
      leg(
        'AzureActivity',
        ['vaults', 'managedhsms']
          .map((kind) => `tolower(column_ifexists("_ResourceId", "")) contains "/microsoft.keyvault/${kind}/${vault}"`)
          .join(' or '),
      ),
    ].join(', '),
    '| order by TimeGenerated asc',
  ].join(' ')
}

function datetime(date: Date): string {
  return `datetime(${date.toISOString()})`
}
