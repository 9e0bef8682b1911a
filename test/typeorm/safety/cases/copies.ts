import type { Ground, Section } from '../cases.js'
import { withSubscriber } from './values.js'

/** As the application has it after a load or a save. */
const decrypted = ({ existing }: Ground, secret: string) => Object.assign(existing, { password: secret })
const changes = ({ dataSource, model }: Ground) => dataSource.getRepository(model.Change)

export const copies: Section = {
  title: 'Decrypted entities as values',
  about:
    'TypeORM and `pg` make JSON of an object, with every plaintext that it holds: in a json column of another table, such as ' +
    'one of changes, and as a parameter. A plaintext by itself is an ordinary string; where the application writes that, nobody can know.',
  instead: "name the properties to keep, or pass the entity's key",
  cases: {
    'save({ data: credential }) into a json column': (ground, secret) =>
      changes(ground).save({ data: decrypted(ground, secret) }),
    'save({ data: { before, after } })': (ground, secret) =>
      changes(ground).save({ data: { before: null, after: decrypted(ground, secret) } }),
    'insert({ data: [credential] })': (ground, secret) => changes(ground).insert({ data: [decrypted(ground, secret)] }),
    'update(id, { data: credential })': ({ dataSource, model, existing }, secret) =>
      dataSource.transaction(async (manager) => {
        const { id } = await manager.getRepository(model.Change).save({ data: {} })
        await manager.update(model.Change, id, { data: Object.assign(existing, { password: secret }) as never })
      }),
    'a subscriber that saves event.entity after each update': (ground, secret) => {
      const afterUpdate = async ({ entity, metadata, manager }: SavedEvent) => {
        if (metadata.tableName === 'credential') await manager.save(ground.model.Change, { data: entity })
      }
      return withSubscriber(ground, 'after', { afterUpdate } as never, () =>
        ground.credentials.save({ id: ground.existing.id, password: secret }),
      )
    },
    "where('t.credential = :credential', { credential })": (ground, secret) =>
      ground.dataSource
        .getRepository(ground.model.Token)
        .createQueryBuilder('t')
        .where('t.credential = :credential', { credential: decrypted(ground, secret) })
        .getMany(),
    "query('SELECT $1::jsonb', [credential])": (ground, secret) =>
      ground.dataSource.query('SELECT $1::jsonb', [decrypted(ground, secret)]),
    "query('… = ANY($1)', [[credential]])": (ground, secret) =>
      ground.dataSource.query('SELECT 1 FROM token WHERE id::text = ANY($1)', [[decrypted(ground, secret)]]),
  },
}

interface SavedEvent {
  readonly entity: unknown
  readonly metadata: { readonly tableName: string }
  readonly manager: Ground['dataSource']['manager']
}
