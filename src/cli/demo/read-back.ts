import { isDeepStrictEqual } from 'node:util'
import { MoreThan } from 'typeorm'
import { isWaxsealError } from '../../errors.js'
import { decryptAll } from '../../typeorm/index.js'
import type { Credential } from './credential.js'
import type { ShopCredential } from './entities.js'
import type { Store } from './store.js'

const PAGE = 1_000

export interface ReadBack {
  readonly equal: number
  /** Rows that are missing, differ or cannot be read. */
  readonly different: number
}

/** Reads every row as the application does, lazy fields too, and compares it with what was given to it. */
export async function readBack({ credentials }: Store, expected: ReadonlyMap<string, Credential>): Promise<ReadBack> {
  let equal = 0
  try {
    for await (const page of pagesOf(credentials)) {
      for (const { row, fields } of await decryptAll(credentials, page)) {
        if (isDeepStrictEqual(asCredential(row, fields), expected.get(row.id))) equal += 1
      }
    }
  } catch (error) {
    // A row that does not open is a finding; everything else is a mistake.
    if (!isWaxsealError(error)) throw error
  }
  return { equal, different: expected.size - equal }
}

async function* pagesOf(credentials: Store['credentials']): AsyncGenerator<ShopCredential[]> {
  let where = {}
  for (;;) {
    const page = await credentials.find({ where, order: { id: 'ASC' }, take: PAGE })
    const last = page.at(-1)
    if (!last) return
    yield page
    where = { id: MoreThan(last.id) }
  }
}

function asCredential({ tenantId, shop, kind }: ShopCredential, fields: Readonly<Record<string, unknown>>): unknown {
  return { tenantId, shop, kind, secret: fields.secret, webhookSecret: fields.webhookSecret, oauth: fields.oauth }
}
