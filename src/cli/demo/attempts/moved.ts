import type { Attempt, Target } from './attempt.js'

/** Not plaintext, and as bad: a ciphertext where it does not belong. The canary is encrypted properly first. */
export const movedAttempts: readonly Attempt[] = [
  {
    name: "two rows' ciphertexts exchanged",
    stoppedBy: ['WX002'],
    run: async (target, canary) => {
      await encryptCanary(target, canary)
      const { dataSource, table, row, other } = target
      await dataSource.query(
        `UPDATE ${table} AS a SET secret = b.secret FROM ${table} AS b
          WHERE (a.id = $1 AND b.id = $2) OR (a.id = $2 AND b.id = $1)`,
        [row.id, other.id],
      )
    },
  },
  {
    name: "another row's metadata copied",
    // The unique index on envelope ids is asked first; without it, the guard.
    stoppedBy: ['23505', 'WX002'],
    run: async (target, canary) => {
      await encryptCanary(target, canary)
      const { dataSource, table, row, other } = target
      await dataSource.query(
        `UPDATE ${table} AS a SET encryption_metadata = b.encryption_metadata FROM ${table} AS b
          WHERE a.id = $1 AND b.id = $2`,
        [row.id, other.id],
      )
    },
  },
  {
    name: 'a row given to another tenant',
    stoppedBy: ['WX003'],
    run: async (target, canary) => {
      await encryptCanary(target, canary)
      const { dataSource, table, row, other } = target
      await dataSource.query(`UPDATE ${table} SET tenant_id = $1 WHERE id = $2`, [other.tenantId, row.id])
    },
  },
  {
    name: 'whole envelopes exchanged, then read',
    stoppedBy: ['ERR_DECRYPTION_FAILED'],
    run: async (target, canary) => {
      await encryptCanary(target, canary)
      const { dataSource, table, entity, row, other } = target
      // Deleted and inserted again, each with the other's fields and envelope: all that the guard can check is in order.
      await dataSource.transaction(async (manager) => {
        await manager.query(
          `WITH gone AS (DELETE FROM ${table} WHERE id IN ($1, $2) RETURNING *)
          INSERT INTO ${table} (id, tenant_id, shop, kind, secret, webhook_secret, oauth, encryption_metadata)
            SELECT a.id, a.tenant_id, a.shop, a.kind, b.secret, b.webhook_secret, b.oauth, b.encryption_metadata
              FROM gone a JOIN gone b ON a.id <> b.id`,
          [row.id, other.id],
        )
        await manager.findOneByOrFail(entity as never, { id: row.id } as never)
      })
    },
  },
]

function encryptCanary({ repository, row }: Target, canary: string): Promise<unknown> {
  return repository.save({ ...row, secret: canary })
}
