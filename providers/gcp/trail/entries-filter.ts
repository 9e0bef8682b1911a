import type { ArrivalRules, ArrivalWindow } from '../../../src/kms/arrival-windows.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export const ENTRIES: ArrivalRules = {
  overlapMs: 5 * MINUTE_MS,
  latenessMs: 25 * HOUR_MS,
  sweepMs: 50 * HOUR_MS,
  // As long as the bucket `_Default` keeps its entries.
  keptMs: 30 * 24 * HOUR_MS,
  settlesMs: 0,
}

const CONCERNS = [
  'protoPayload.serviceName="cloudkms.googleapis.com"',
  // What the service does by itself has no audit log.
  'resource.type:"cloudkms_"',
  '(protoPayload.serviceName="logging.googleapis.com" AND log_id("cloudaudit.googleapis.com/activity"))',
  'protoPayload.methodName:"SetIamPolicy"',
].join(' OR ')

/** A term on `timestamp` is always there: clients of Cloud Logging that find none add "of the last day". */
export function entriesFilter({ arrivedFrom, happenedFrom, to }: ArrivalWindow): string {
  return [
    ...(arrivedFrom ? [`receiveTimestamp >= ${quoted(arrivedFrom)}`] : []),
    `timestamp >= ${quoted(happenedFrom)}`,
    `receiveTimestamp < ${quoted(to)}`,
    `(${CONCERNS})`,
  ].join(' AND ')
}

function quoted(date: Date): string {
  return `"${date.toISOString()}"`
}
