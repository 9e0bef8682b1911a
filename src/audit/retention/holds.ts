import { ConfigurationError } from '../../errors.js'
import { uuidV7 } from '../../kms/uuid-v7.js'
import type { Queryable } from '../../postgres/queryable.js'

/** Why records of a time must stay, whatever their age. */
export interface LegalHold {
  readonly id: string
  /** Inclusive. */
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
  readonly reason: string
  readonly placedBy: string
  readonly placedAt: Date
  readonly lifted: { readonly reason: string; readonly by: string; readonly at: Date } | null
}

export interface HoldRequest {
  readonly from: Date
  readonly to: Date
  readonly reason: string
}

export async function placeHold(client: Queryable, { from, to, reason }: HoldRequest): Promise<LegalHold> {
  if (!(from.getTime() < to.getTime()))
    throw new ConfigurationError('hold: expected "from" before "to", found another order')
  assertReason(reason)
  const id = uuidV7(Date.now())
  await client.query('INSERT INTO waxseal.legal_hold (id, holds_from, holds_to, reason) VALUES ($1, $2, $3, $4)', [
    id,
    from,
    to,
    reason,
  ])
  return (await listHolds(client)).find((hold) => hold.id === id)!
}

export async function liftHold(client: Queryable, id: string, reason: string): Promise<LegalHold> {
  assertReason(reason)
  const hold = (await listHolds(client)).find((each) => each.id === id)
  if (!hold || hold.lifted) {
    throw new ConfigurationError(
      `hold: expected the id of one in force, found ${hold ? 'one that was lifted' : 'none of this id'}`,
    )
  }
  await client.query('INSERT INTO waxseal.legal_hold_lifted (hold, reason) VALUES ($1, $2)', [id, reason])
  return (await listHolds(client)).find((each) => each.id === id)!
}

/** Also those that were lifted, the oldest first. */
export async function listHolds(client: Queryable): Promise<LegalHold[]> {
  const { rows } = await client.query(
    `SELECT h.id, h.holds_from AS "from", h.holds_to AS "to", h.reason, h.placed_by AS "placedBy", h.placed_at AS "placedAt",
      l.reason AS "liftedReason", l.lifted_by AS "liftedBy", l.lifted_at AS "liftedAt"
    FROM waxseal.legal_hold h LEFT JOIN waxseal.legal_hold_lifted l ON l.hold = h.id ORDER BY h.placed_at, h.id`,
  )
  return rows.map(({ liftedReason, liftedBy, liftedAt, ...hold }) => {
    const lifted = liftedAt ? { reason: liftedReason, by: liftedBy, at: liftedAt } : null
    return { ...hold, lifted } as unknown as LegalHold
  })
}

function assertReason(reason: string): void {
  if (reason.trim() === '') throw new ConfigurationError('hold: expected a reason, found none')
}
