import { uuidV7 } from '../../kms/uuid-v7.js'
import type { Queryable } from '../../postgres/queryable.js'

/** What is done with the audit itself. */
export type ReviewAction =
  | ('findings' | 'search' | 'show' | 'tail' | 'export' | 'exported')
  | ('report' | 'evidence' | 'retain' | 'check' | 'archive-verify')

/** Writes it down under the role of the connection, which no argument can change. */
export async function recordReview(client: Queryable, action: ReviewAction, detail: object): Promise<void> {
  await client.query('SELECT waxseal.record_review($1, $2, $3)', [uuidV7(Date.now()), action, JSON.stringify(detail)])
}
