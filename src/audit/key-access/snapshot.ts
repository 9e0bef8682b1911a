import type { AllowedPrincipal, KeyAccess } from '../../kms/key-access.js'
import { uuidV7 } from '../../kms/uuid-v7.js'
import type { Queryable } from '../../postgres/queryable.js'
import { wholeJson } from '../storable.js'

/** Who may use a KEK, as its KMS said at a time. */
export interface KeyAccessSnapshot extends KeyAccess {
  readonly readAt: Date
}

const COLUMNS = 'provider, kek_id AS "kekId", read_at AS "readAt", principals, limits, unread'

export async function storeKeyAccess(
  client: Queryable,
  { provider, kekId, principals, limits, unread }: KeyAccess,
): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.key_access (id, provider, kek_id, principals, limits, unread) VALUES ($1, $2, $3, $4, $5, $6)`,
    [uuidV7(Date.now()), provider, kekId, wholeJson(principals), wholeJson(limits), wholeJson(unread)],
  )
}

/** Of each KEK those of the time, and the last one before it, by KEK and time. */
export async function readSnapshots(
  client: Queryable,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<readonly KeyAccessSnapshot[]> {
  const { rows } = await client.query(
    `SELECT ${COLUMNS} FROM waxseal.key_access AS found
    WHERE read_at < $2 AND (read_at >= $1 OR read_at =
      (SELECT max(read_at) FROM waxseal.key_access WHERE kek_id = found.kek_id AND read_at < $1))
    ORDER BY kek_id, read_at, id`,
    [from, to],
  )
  return rows as unknown as KeyAccessSnapshot[]
}

export async function readLastSnapshot(
  client: Queryable,
  { provider, kekId }: Pick<KeyAccess, 'provider' | 'kekId'>,
): Promise<KeyAccessSnapshot | undefined> {
  const { rows } = await client.query(
    `SELECT ${COLUMNS} FROM waxseal.key_access WHERE provider = $1 AND kek_id = $2 ORDER BY read_at DESC LIMIT 1`,
    [provider, kekId],
  )
  return rows[0] as KeyAccessSnapshot | undefined
}

/** Whether a rule is about who is named in a trail, or in the configuration. */
export function isAbout(
  { principal, inTrail }: Pick<AllowedPrincipal, 'principal' | 'inTrail'>,
  name: string,
): boolean {
  return [principal, ...inTrail].some((each) => {
    return each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each
  })
}
