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

/** Standards ask for three months that can be searched at once: less is a mistake, not a choice. */
const FLOOR = '90d'

export function retentionPeriods({ hot = '100d', total = '400d' }: RetentionDeclaration = {}): RetentionPeriods {
  const wrong = [hot, total].find((text) => !isDuration(text))
  if (wrong !== undefined) throw refused('a duration such as 100d', wrong)
  if (secondsOf(hot) < secondsOf(FLOOR)) throw refused(`"hot" of at least ${FLOOR}`, hot)
  if (secondsOf(total) < secondsOf(hot)) throw refused(`"total" of at least "hot", which is ${hot}`, total)
  return { hot: secondsOf(hot) * 1_000, total: secondsOf(total) * 1_000 }
}

function refused(expected: string, found: string): ConfigurationError {
  return new ConfigurationError(`audit.retention: expected ${expected}, found ${found}`)
}
