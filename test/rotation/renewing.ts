import { type RenewalReport, type RenewOptions, renew } from '../../src/rotation/index.js'
import type { Row } from '../postgres/credentials.js'
import { Rotating } from './rotating.js'

export { Rotating }

export async function renewOn(made: Rotating, options: Partial<RenewOptions> = {}): Promise<RenewalReport> {
  const { credentials, pool } = made
  const [report] = await renew({
    ...{ cipher: credentials.cipher, tables: [credentials.table], pool, batchRows: 3 },
    ...options,
  })
  return report!
}

export const nothing = { state: 'finished', renewed: 0, kept: 0, shredded: 0, empty: 0, failed: 0 }

/** The metadata of each row before, and what its fields hold. */
export async function opened(made: Rotating, rows: readonly Row[]) {
  const now = await Promise.all(rows.map(({ id }) => made.credentials.read(id)))
  return Promise.all(now.map(async (row) => ({ row, plain: await made.credentials.decrypt(row) })))
}
