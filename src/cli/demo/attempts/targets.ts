import { randomUUID } from 'node:crypto'
import type { Repository } from 'typeorm'
import type { DemoDatabase } from '../database.js'
import { PlainTwin, ShopCredential } from '../entities.js'
import { shopApiKey } from '../generated-secrets.js'
import type { Store } from '../store.js'
import type { Row, Target } from './attempt.js'

/** Both tables for each of `count` attempts, with two new rows for each. */
export async function makeTargets(
  database: DemoDatabase,
  store: Store,
  bare: Store,
  count: number,
): Promise<{ target: Target; twin: Target }[]> {
  const [{ name }] = await store.dataSource.query('SELECT current_database() AS name')
  const targetsOf = async (entity: Target['entity']) => {
    const repository = rowsOf(store, entity)
    const rows = await repository.save(Array.from({ length: 2 * count }, newRow))
    const { schema, tableName } = repository.metadata
    return Array.from({ length: count }, (_, index): Target => {
      return {
        entity,
        dataSource: store.dataSource,
        repository,
        bare: rowsOf(bare, entity),
        table: `"${schema ?? database.schema}"."${tableName}"`,
        unknownName: `${name}.${database.schema}.${tableName}`,
        row: plain(rows[2 * index]!),
        other: plain(rows[2 * index + 1]!),
        async connect(use) {
          const client = await database.connect()
          return use(client).finally(() => client.end())
        },
      }
    })
  }
  const [targets, twins] = [await targetsOf(ShopCredential), await targetsOf(PlainTwin)]
  return targets.map((target, index) => ({ target, twin: twins[index]! }))
}

/** Both entities as what they have in common. */
export function rowsOf({ dataSource }: Store, entity: Target['entity']): Repository<Row> {
  return dataSource.getRepository<Row>(entity as unknown as new () => Row)
}

export function newRow(): Omit<Row, 'id'> {
  return {
    tenantId: randomUUID(),
    shop: 'Trial & Error',
    kind: 'shop API key',
    secret: shopApiKey(),
    webhookSecret: null,
  }
}

function plain({ id, tenantId, shop, kind, secret, webhookSecret }: Row): Row {
  return { id, tenantId, shop, kind, secret, webhookSecret }
}
