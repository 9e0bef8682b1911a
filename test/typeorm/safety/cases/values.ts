import { randomUUID } from 'node:crypto'
import { type EntityManager, type EntitySubscriberInterface, Equal, IsNull, Or } from 'typeorm'
import { EncryptedValue } from '../../../../src/typeorm/index.js'
import type { Ground, Run, Section } from '../cases.js'

const rawOf = async ({ dataSource, existing }: Ground) =>
  (await dataSource.query('SELECT password, certificate FROM credential WHERE id = $1', [existing.id]))[0]

export const encryptedValues: Section = {
  title: 'Values that are encrypted already',
  about: 'A ciphertext that got into an entity is not encrypted again, and one of another row is not written.',
  withoutControl: 'all',
  instead: "assign the plaintext: what the lazy field's `decrypt()` gives",
  cases: {
    'save({ id, password }) with the ciphertext that getRawMany() gave': async (ground) =>
      ground.credentials.save({ id: ground.existing.id, password: (await rawOf(ground)).password }),
    'save({ id, certificate }) with the bytes that getRawMany() gave': async (ground) =>
      ground.credentials.save({ id: ground.existing.id, certificate: (await rawOf(ground)).certificate }),
    "save() of an entity that update(…).returning('*') filled": ({ dataSource, model, existing }) =>
      dataSource.transaction(async (manager) => {
        const entity = await manager.findOneByOrFail(model.Credential, { id: existing.id })
        const update = manager.createQueryBuilder().update(model.Credential).set({ calls: 1 })
        await update.whereEntity(entity).returning('*').execute()
        await manager.save(Object.assign(entity, { name: randomUUID() }))
      }),
    'save() with a string that merely looks like a ciphertext': async ({ credentials, existing }) => {
      const password = `ws1:${'A'.repeat(43)}:${'A'.repeat(40)}`
      await credentials.save({ id: existing.id, password })
      const found = await credentials.findOneByOrFail({ id: existing.id })
      if (found.password !== password) throw new Error('it did not come back')
    },
    'save() with the EncryptedValue of another row': async ({ credentials, existing }) => {
      const { oauth } = await credentials.findOneByOrFail({ id: existing.id })
      await credentials.save({ tenantId: existing.tenantId, oauth } as never)
    },
    'insert() with the EncryptedValue of another row': async ({ credentials, existing }) => {
      const { oauth } = await credentials.findOneByOrFail({ id: existing.id })
      await credentials.insert({ tenantId: existing.tenantId, oauth } as never)
    },
    'save() with the EncryptedValue of the same row': async ({ credentials, existing }) => {
      const { oauth } = await credentials.findOneByOrFail({ id: existing.id })
      await credentials.save({ id: existing.id, oauth } as never)
    },
    'update(id, { oauth }) with the EncryptedValue of another row': async ({ credentials, existing }) => {
      const { oauth } = await credentials.findOneByOrFail({ id: existing.id })
      await credentials.update({ tenantId: existing.tenantId }, { oauth } as never)
    },
    '… .callListeners(false)': async ({ credentials, existing, dataSource, model }) => {
      const { oauth } = await credentials.findOneByOrFail({ id: existing.id })
      await dataSource.transaction(async (manager) => {
        const { id } = await manager.save(model.Credential, { tenantId: existing.tenantId, password: 'other' })
        const update = manager
          .createQueryBuilder()
          .update(model.Credential)
          .set({ oauth } as never)
        await update.where('id = :id', { id }).callListeners(false).execute()
      })
    },
    'save({ id, password: EncryptedValue.of(…) }), transparent': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, password: EncryptedValue.of(secret) as never }),
  },
}

/** Runs `write` with one more subscriber, before or after the library's own. */
export async function withSubscriber(
  { dataSource }: Ground,
  place: 'before' | 'after',
  subscriber: EntitySubscriberInterface,
  write: () => Promise<unknown>,
): Promise<void> {
  const { subscribers } = dataSource
  if (place === 'before') subscribers.unshift(subscriber)
  else subscribers.push(subscriber)
  try {
    await write()
  } finally {
    subscribers.splice(subscribers.indexOf(subscriber), 1)
  }
}

interface Written {
  readonly entity?: { password?: unknown; settings?: unknown }
  readonly manager: EntityManager
}

const others: Record<string, Run> = Object.fromEntries(
  (['before', 'after'] as const).flatMap((place) => {
    const insert = (ground: Ground) =>
      ground.credentials.save({ tenantId: ground.existing.tenantId, password: 'first' })
    const update = (ground: Ground) => ground.credentials.save({ id: ground.existing.id, password: 'first' })
    return Object.entries({ beforeInsert: insert, beforeUpdate: update }).flatMap(([hook, write]): [string, Run][] => [
      [
        `${hook} of a subscriber ${place} ours that sets a field at once`,
        (ground, secret) => {
          const set = ({ entity }: Written) => {
            if (entity) entity.password = secret
          }
          return withSubscriber(ground, place, { [hook]: set }, () => write(ground))
        },
      ],
      [
        `${hook} of a subscriber ${place} ours that sets a field after a query of its own`,
        (ground, secret) => {
          const set = async ({ entity, manager }: Written) => {
            // On the same connection, so that it ends long after our hook, whose data key is cached.
            await manager.query('SELECT pg_sleep(0.05)')
            if (entity) entity.password = secret
          }
          return withSubscriber(ground, place, { [hook]: set }, () => write(ground))
        },
      ],
    ])
  }),
)

export const otherSubscribers: Section = {
  title: "The application's own subscribers",
  about:
    'What they set before the library looks is encrypted. What they set later is refused, since nobody would look again.',
  instead: 'set it without waiting for anything, or before `save()`',
  cases: others,
}

const attempts: Record<string, Run> = {
  'save() of a new row': ({ credentials, existing }, secret) =>
    credentials.save({ tenantId: existing.tenantId, password: secret }),
  'save({ id, password })': ({ credentials, existing }, secret) =>
    credentials.save({ id: existing.id, password: secret }),
  'save({ id, settings }), json': ({ credentials, existing }, secret) =>
    credentials.save({ id: existing.id, settings: { a: secret } }),
  'save({ id, certificate }), bytes': ({ credentials, existing }, secret) =>
    credentials.save({ id: existing.id, certificate: Buffer.from(secret) }),
  'insert({ password })': ({ credentials, existing }, secret) =>
    credentials.insert({ tenantId: existing.tenantId, password: secret }),
  'update(id, { password })': ({ credentials, existing }, secret) =>
    credentials.update(existing.id, { password: secret }),
  "upsert(values, ['name'])": ({ credentials, existing: { tenantId, name } }, secret) =>
    credentials.upsert({ tenantId, name, password: secret }, ['name']),
  'createQueryBuilder().update().set({ endpoint: { secret } })': ({ dataSource, model, existing }, secret) =>
    dataSource
      .createQueryBuilder()
      .update(model.Credential)
      .set({ endpoint: { secret } })
      .where('id = :id', { id: existing.id })
      .execute(),
  'findBy({ password })': ({ credentials }, secret) => credentials.findBy({ password: secret }),
  'findBy({ password: Or(Equal(…), IsNull()) })': ({ credentials }, secret) =>
    credentials.findBy({ password: Or(Equal(secret), IsNull()) }),
  'delete({ password })': ({ credentials }, secret) => credentials.delete({ password: secret }),
  'update(id, { password: () => "…" })': ({ credentials, existing }, secret) =>
    credentials.update(existing.id, { password: (() => `'${secret}'`) as never }),
  "query('UPDATE … SET password = $1')": ({ dataSource }, secret) =>
    dataSource.query('UPDATE credential SET password = $1', [secret]),
}

export const withoutEncryption: Section = {
  title: 'A DataSource without withEncryption()',
  about: 'The columns alone refuse what nobody encrypted, and the database what they do not see.',
  setup: 'without withEncryption()',
  instead: 'call `withEncryption()` before `initialize()`',
  cases: attempts,
}

export const withoutSubscribers: Section = {
  title: 'A DataSource whose subscribers were emptied',
  about: "As TypeORM's own commands do, and `setOptions({ subscribers: [] })`.",
  setup: 'with its subscribers emptied',
  instead: 'leave the subscribers in place',
  cases: attempts,
}
