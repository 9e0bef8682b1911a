import type { DataSource } from 'typeorm'
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js'
import { type Attempt, REFUSED, type Row, type Target } from './attempt.js'

/** What TypeORM writes into the statement as it is. */
const expression = (canary: string) => () => `'${canary}'`

/** Through query builders, from those that TypeORM knows most about to those that it knows nothing about. */
export const queryBuilderAttempts: readonly Attempt[] = [
  {
    name: 'update query builder',
    stoppedBy: [REFUSED],
    run: ({ dataSource, entity, row }, canary) => update(dataSource, entity, row, { secret: canary }).execute(),
  },
  {
    name: 'update query builder, function value',
    stoppedBy: [REFUSED],
    run: ({ dataSource, entity, row }, canary) =>
      update(dataSource, entity, row, { secret: expression(canary) }).execute(),
  },
  {
    name: 'the same with callListeners(false)',
    stoppedBy: ['WX001'],
    run: ({ dataSource, entity, row }, canary) =>
      update(dataSource, entity, row, { secret: expression(canary) })
        .callListeners(false)
        .execute(),
  },
  {
    name: 'insert builder, callListeners(false)',
    stoppedBy: [REFUSED],
    run: ({ dataSource, entity, row: { id: _, ...row } }, canary) =>
      dataSource
        .createQueryBuilder()
        .insert()
        .into(entity)
        .values({ ...row, secret: canary })
        .callListeners(false)
        .execute(),
  },
  {
    name: 'query builder on the table name',
    stoppedBy: [REFUSED],
    run: ({ dataSource, repository, row }, canary) =>
      update(dataSource, repository.metadata.tableName, row, { secret: canary }).execute(),
  },
  {
    name: 'query builder on an unknown name',
    stoppedBy: ['WX001'],
    run: ({ dataSource, unknownName, row }, canary) =>
      update(dataSource, unknownName, row, { secret: canary }).execute(),
  },
]

function update(
  dataSource: DataSource,
  target: Target['entity'] | string,
  { id }: Row,
  values: QueryDeepPartialEntity<Row>,
) {
  return dataSource
    .createQueryBuilder()
    .update(target as string, values)
    .where('id = :id', { id })
}
