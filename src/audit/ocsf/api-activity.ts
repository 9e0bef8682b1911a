/** What events are written in: only attributes of this version, of which the schema says that it does not change. */
export const OCSF_VERSION = '1.4.0'

const CLASS = 6003
const ACTIVITIES = { 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 99: 'Other' } as const
const SEVERITIES = { 1: 'Informational', 4: 'High', 5: 'Critical' } as const
const STATUSES = { 1: 'Success', 2: 'Failure' } as const

export type Activity = keyof typeof ACTIVITIES
export type Severity = keyof typeof SEVERITIES

/** An event of the class API Activity (6003) of the Open Cybersecurity Schema Framework. */
export type ApiActivity = Readonly<Record<string, unknown>>

export interface ActivityParts {
  readonly activity: Activity
  readonly severity: Severity
  readonly succeeded: boolean
  readonly time: Date
  /** By the name of the source, where it is none of the activities that the class knows. */
  readonly operation: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly actor: object
  readonly api: object
  readonly srcEndpoint: object
  /** Attributes over and above those that every event has. */
  readonly further: Readonly<Record<string, unknown>>
}

export function apiActivity(parts: ActivityParts): ApiActivity {
  const { activity, severity, succeeded, time, operation, metadata, actor, api, srcEndpoint, further } = parts
  const status = succeeded ? 1 : 2
  const activityName = activity === 99 ? operation : ACTIVITIES[activity]
  return {
    ...{ category_uid: 6, category_name: 'Application Activity', class_uid: CLASS, class_name: 'API Activity' },
    ...{ activity_id: activity, activity_name: activityName },
    ...{ type_uid: CLASS * 100 + activity, type_name: `API Activity: ${ACTIVITIES[activity]}` },
    ...{ severity_id: severity, severity: SEVERITIES[severity], status_id: status, status: STATUSES[status] },
    ...{ time: time.getTime(), metadata: known({ version: OCSF_VERSION, ...metadata }) },
    ...{ actor, api, src_endpoint: srcEndpoint },
    ...known(further),
  }
}

/** Without the members that are undefined: the schema has no empty values. */
export function known(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

export const PRODUCT = { name: 'waxseal', vendor_name: 'waxseal' } as const
