import { isWaxsealError } from '../../../errors.js'
import { shred as shredRows } from '../../../shredding/index.js'
import { decryptAll, protectedTableOf } from '../../../typeorm/index.js'
import type { DemoRun } from '../demo-run.js'
import { ShopCredential } from '../entities.js'
import { readBack } from '../read-back.js'
import type { Store } from '../store.js'
import { count, counted } from '../text.js'
import type { Claim } from '../verdict.js'

export interface ShredFacts {
  readonly rows: number
  /** Wrapped data keys that are gone, by version of the KEK. */
  readonly wraps: number
  readonly status: string
  /** Codes of the errors with which the shredded rows are refused. */
  readonly refused: readonly string[]
  readonly claims: readonly Claim[]
}

/** Takes the data keys of one tenant away for good. The others read on. */
export async function shredTenant(run: DemoRun, store: Store): Promise<ShredFacts> {
  const { screen, database, keys, expected } = run
  const [first] = expected.values()
  const tenant = first!.tenantId
  const ids = [...expected].filter(([, { tenantId }]) => tenantId === tenant).map(([id]) => id)
  screen.heading(`Shred the credentials of one tenant: ${counted(ids.length, 'row')}`)
  const client = await database.connect()
  try {
    const { receipt, failures } = await shredRows(client, {
      target: { kind: 'context', pair: 'tenant', value: tenant },
      tables: [protectedTableOf(store.dataSource, ShopCredential)],
      cipher: keys.after,
      ...{ reason: 'the tenant has left', who: 'demo', backupsKept: 'none' },
    })
    for (const id of ids) expected.delete(id)
    const rows = await store.credentials.find({ where: { tenantId: tenant } })
    const opened = await decryptAll(store.credentials, rows)
    const refused = opened.map(({ error }) => (isWaxsealError(error) ? error.code : 'none'))
    const { equal, different } = await readBack(store, expected)
    const wraps = receipt.keks.reduce((sum, kek) => sum + kek.wraps, 0)
    screen.line(`receipt ${receipt.id}: ${count(receipt.rows)} shredded, ${count(wraps)} wrapped data keys gone`)
    screen.line(
      `${receipt.status}: ${
        receipt.copies
          .filter(({ state }) => state !== 'gone')
          .map(({ where }) => where)
          .join(', ') || 'nothing'
      } may still hold copies`,
    )
    screen.line(
      `each of them is refused with ${[...new Set(refused)].join(', ')}; ${count(equal)} of other tenants read back equal`,
    )
    return {
      ...{ rows: receipt.rows, wraps, status: receipt.status, refused: [...new Set(refused)] },
      claims: [
        { claim: 'every row of the tenant is shredded', held: receipt.rows === ids.length && failures.length === 0 },
        {
          claim: 'no shredded credential opens',
          held: refused.length === ids.length && refused.every((code) => code === 'ERR_CREDENTIAL_SHREDDED'),
        },
        {
          claim: 'every other credential reads back equal after the shredding',
          held: different === 0 && equal === expected.size,
        },
      ],
    }
  } finally {
    await client.end()
  }
}
