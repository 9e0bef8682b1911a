import { ConfigurationError } from '../../errors.js'
import { uuidV7 } from '../../kms/uuid-v7.js'
import type { Queryable } from '../../postgres/queryable.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Writes down, for good, why somebody holds a finding to be as it should be. Nothing else about it changes. */
export async function acknowledgeFinding(
  client: Queryable,
  finding: string,
  { reason, who }: { readonly reason: string; readonly who: string },
): Promise<void> {
  if (!UUID.test(finding))
    throw new ConfigurationError('expected the id of a finding, as "waxseal audit findings" prints it')
  if (reason.trim() === '') throw new ConfigurationError('expected a reason: why the finding is as it should be')
  const { rows } = await client.query(
    `INSERT INTO waxseal.finding_note (id, finding, action, reason, detail)
    SELECT $1, id, 'acknowledged', $3, $4 FROM waxseal.finding WHERE id = $2 RETURNING id`,
    [uuidV7(Date.now()), finding, reason, JSON.stringify({ by: who })],
  )
  if (rows.length === 0) throw new ConfigurationError(`no finding ${finding}: "waxseal audit findings" lists them`)
}
