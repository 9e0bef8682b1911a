import type { EncryptionContext } from '../../kms/context.js'
import type { KekRef, KmsProvider } from '../../kms/provider.js'
import type { Queryable } from '../../postgres/queryable.js'
import type { Witness } from './check/check-tree.js'
import type { LogHead } from './checkpoint.js'
import { HASH_BYTES } from './merkle-hash.js'

const ORIGIN = 'waxseal-checkpoint'
const SIZE = 'waxseal-checkpoint-size'
const ROOT = 'waxseal-checkpoint-root'

/** What the audit trail of the KMS keeps of a checkpoint. */
export function checkpointContext({ origin, size, root }: LogHead): EncryptionContext {
  return { [ORIGIN]: origin, [SIZE]: String(size), [ROOT]: root.toString('base64') }
}

/**
 * Has a data key made that nobody uses, with the checkpoint as its encryption context: the provider's own audit trail then holds the
 * checkpoint, where the owner of our tables cannot change it. A witness only where trails show the context as it is, as those of
 * CloudTrail do. Returns the KEK.
 */
export async function anchorAtKms(provider: KmsProvider, head: LogHead): Promise<KekRef> {
  const { dataKey, wrapped } = await provider.generateDataKey(checkpointContext(head))
  dataKey.destroy()
  return wrapped.kek
}

/** What the mirrored audit trails say of this log. */
export async function readTrailWitnesses(client: Queryable, origin: string): Promise<readonly Witness[]> {
  const { rows } = await client.query(
    `SELECT id, provider, scope, context ->> $2 AS size, context ->> $3 AS root FROM waxseal.audit_event
      WHERE context @> jsonb_build_object($4::text, $1::text) AND outcome = 'success' ORDER BY event_time, id`,
    [origin, SIZE, ROOT, ORIGIN],
  )
  return (rows as { id: string; provider: string; scope: string; size: string | null; root: string | null }[]).flatMap(
    ({ id, provider, scope, size, root: encoded }) => {
      const root = Buffer.from(encoded ?? '', 'base64')
      if (root.length !== HASH_BYTES || !/^\d{1,15}$/.test(size ?? '')) return []
      return [{ size: Number(size), root, place: `the audit trail of ${provider} ${scope} (event ${id})` }]
    },
  )
}
