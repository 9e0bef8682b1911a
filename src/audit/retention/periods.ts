import { ConfigurationError } from '../../errors.js'
import { isDuration, secondsOf } from '../../lifecycle/duration.js'

/** How long records of the audit are kept. */
export interface RetentionDeclaration {
  /** In the database, where they are searched, such as `100d`. At least `90d`. Default: `100d`. */
  readonly hot?: string
  /** In the database and then in an archive. At least as long as `hot`. Default: `400d`. */
  readonly total?: string
}

/** In milliseconds. */
export interface RetentionPeriods {
  readonly hot: number
  readonly total: number
}

type Declared = { readonly [Name in keyof RetentionDeclaration]: string | undefined }

const HOT = '100d'
const TOTAL = '400d'
/** Standards ask for three months that can be searched at once: less is a mistake, not a choice. */
const FLOOR = '90d'

export function retentionPeriods(declared: Declared = {}): RetentionPeriods {
  const expected = expectedOf(declared)
  if (expected !== undefined) throw new ConfigurationError(`audit.retention: expected ${expected}, found other periods`)
  const { hot = HOT, total = TOTAL } = declared
  return { hot: secondsOf(hot) * 1_000, total: secondsOf(total) * 1_000 }
}

/** What was expected, where the declaration is not that. */
export function expectedOf(declared: Declared): string | undefined {
  const { hot = HOT, total = TOTAL } = declared
  if (!isDuration(hot) || !isDuration(total)) return '"hot" and "total" to be durations such as 100d'
  if (secondsOf(hot) < secondsOf(FLOOR)) return `"hot" of at least ${FLOOR}`
  return secondsOf(total) < secondsOf(hot) ? `"total" of at least "hot", which is ${hot}` : undefined
}
