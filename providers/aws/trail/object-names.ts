/** Where a trail delivers to: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html */
export interface TrailPlace {
  readonly bucket: string
  /** Of the trail. */
  readonly prefix?: string
  /** Of an organization trail: the id of the organization. */
  readonly organization?: string
  readonly account: string
  readonly region: string
  /** Name or ARN. */
  readonly trail: string
}

const DAY = 86_400_000

/** From the first instant of the day of `from` to the day after `to`: clocks differ. */
export function daysBetween(from: Date, to: Date): Date[] {
  const first = Math.floor(from.getTime() / DAY)
  const count = Math.floor(to.getTime() / DAY) - first + 2
  return Array.from({ length: Math.max(count, 0) }, (_, index) => new Date((first + index) * DAY))
}

export function logFolder(place: TrailPlace, day: Date): string {
  return folderOf(place, 'CloudTrail', day)
}

export function digestFolder(place: TrailPlace, day: Date): string {
  return folderOf(place, 'CloudTrail-Digest', day)
}

/** The name of a log file begins with its minute of delivery: no file of `since` or later comes before this name. */
export function logNameAt({ account, region }: TrailPlace, folder: string, since: Date): string {
  return `${folder}${account}_CloudTrail_${region}_${compact(since).slice(0, 13)}`
}

/** When the digest of that name ended, of this trail alone: others can deliver to the same bucket. */
export function digestEndOf({ account, region, trail }: TrailPlace, name: string): Date | undefined {
  const start = `${account}_CloudTrail-Digest_${region}_${trail.replace(/^.*\//, '')}_`
  const file = name.slice(name.lastIndexOf('/') + 1)
  const time = /^[a-z0-9-]+_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(_backfill)?\.json\.gz$/.exec(
    file.slice(start.length),
  )
  if (!file.startsWith(start) || time === null) return undefined
  const [, year, month, day, hour, minute, second] = time
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

/** It names log files that a digest before it left out, and is in no chain. */
export function isBackfill(name: string): boolean {
  return name.endsWith('_backfill.json.gz')
}

function folderOf({ prefix, organization, account, region }: TrailPlace, kind: string, day: Date): string {
  const parts = [prefix, 'AWSLogs', organization, account, kind, region, ...day.toISOString().slice(0, 10).split('-')]
  return `${parts.filter((part) => part !== undefined).join('/')}/`
}

/** `20260301T1020…`. */
const compact = (date: Date) => date.toISOString().replaceAll(/[-:]/g, '')
