import type { StoredRow } from './stored-row.js'

export interface StoredByHalves<S> {
  readonly stored: readonly S[]
  readonly failures: readonly { readonly row: StoredRow; readonly error: unknown }[]
}

/**
 * Stores all of them at once; what the database refuses is halved until the rows that it refuses stand alone, so that one
 * stops no other. `store` leaves nothing of what it had begun when it rejects. Rejects with what concerns no row.
 */
export async function storeByHalves<T, S>(
  items: readonly T[],
  rowOf: (item: T) => StoredRow,
  store: (items: readonly T[]) => Promise<readonly S[]>,
): Promise<StoredByHalves<S>> {
  if (items.length === 0) return { stored: [], failures: [] }
  try {
    return { stored: await store(items), failures: [] }
  } catch (error) {
    if (!concernsRows(error)) throw error
    if (items.length === 1) return { stored: [], failures: [{ row: rowOf(items[0]!), error }] }
    const middle = items.length >> 1
    const first = await storeByHalves(items.slice(0, middle), rowOf, store)
    const second = await storeByHalves(items.slice(middle), rowOf, store)
    return { stored: [...first.stored, ...second.stored], failures: [...first.failures, ...second.failures] }
  }
}

/** The guard (WX…), data and constraints (22, 23), a trigger's refusal (P0), deadlocks and lock time-outs (40, 55P03). */
export function concernsRows(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^(WX|22|23|40|55P03|P0)/.test(code)
}
