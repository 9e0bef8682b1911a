import type { Queryable } from '../postgres/queryable.js'

/** Of 22 characters and a comma each: below the 8,000 bytes that a notification holds. */
const IDS_IN_A_NOTIFICATION = 300

/** Tells every process of the fleet to drop these data keys from its cache, once the transaction is committed. */
export async function announceForgotten(client: Queryable, envelopes: readonly string[]): Promise<void> {
  for (let start = 0; start < envelopes.length; start += IDS_IN_A_NOTIFICATION) {
    const ids = envelopes.slice(start, start + IDS_IN_A_NOTIFICATION).join(',')
    await client.query(`SELECT pg_catalog.pg_notify('waxseal_forget', $1)`, [ids])
  }
}
