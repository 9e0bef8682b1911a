import { randomUUID } from 'node:crypto'
import type { DeepPartial } from 'typeorm'
import { EncryptedValue, updateEncrypted, upsertEncrypted } from '../../../../src/typeorm/index.js'
import type { Ground, Section } from '../cases.js'
import type { Credential } from '../model.js'

/** A value for each field. */
export function everyField(text: string): DeepPartial<Credential> {
  return {
    tenantId: randomUUID(),
    password: text,
    settings: { nested: { list: [1, text, null] } } as never,
    oauth: { access: text },
    certificate: Buffer.from(text),
    hidden: text,
    endpoint: { secret: text, host: 'h' },
  }
}

const password = (text: string) => ({ tenantId: randomUUID(), password: text })
const loaded = ({ credentials, existing }: Ground) => credentials.findOneByOrFail({ id: existing.id })

export const saves: Section = {
  title: 'save()',
  about: 'Of every field: text, json, bytes, lazy ones, hidden ones (`select: false`) and those of embedded objects.',
  cases: {
    'save(entity)': ({ credentials }, secret) => credentials.save(credentials.create(everyField(secret))),
    'save(plainObject)': ({ credentials }, secret) => credentials.save(everyField(secret)),
    'manager.save(Credential, plainObject)': ({ dataSource, model }, secret) =>
      dataSource.manager.save(model.Credential, everyField(secret)),
    'save() of a loaded and changed entity': async (ground, secret) =>
      ground.credentials.save(Object.assign(await loaded(ground), everyField(secret))),
    'save({ id, password })': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, password: secret }),
    'save({ id, settings }), json': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, settings: { a: secret } }),
    'save({ id, oauth }), lazy': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, oauth: { access: secret } }),
    'save({ id, certificate }), bytes': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, certificate: Buffer.from(secret) }),
    'save({ id, hidden }), select: false': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, hidden: secret }),
    'save({ id, endpoint: { secret } }), embedded': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, endpoint: { secret } }),
    'save() of a json value changed in place': async (ground, secret) => {
      const entity = await loaded(ground)
      ;(entity.settings as { a: string }).a = secret
      await ground.credentials.save(entity)
    },
    'save() of bytes changed in place': async (ground, secret) => {
      const { id } = await ground.credentials.save({ ...password('p'), certificate: Buffer.alloc(secret.length) })
      const entity = await ground.credentials.findOneByOrFail({ id })
      Buffer.from(secret).copy(entity.certificate as Buffer)
      await ground.credentials.save(entity)
    },
    'save([new, changed])': ({ credentials, existing }, secret) =>
      credentials.save([everyField(secret), { id: existing.id, ...everyField(secret) }]),
    'save([…], { chunk: 2 })': ({ credentials }, secret) =>
      credentials.save(
        [1, 2, 3, 4, 5].map(() => password(secret)),
        { chunk: 2 },
      ),
    'save(entity, { transaction: false })': ({ credentials }, secret) =>
      credentials.save(password(secret), { transaction: false }),
    'save(entity, { reload: false })': ({ credentials }, secret) =>
      credentials.save(password(secret), { reload: false }),
    'save() with an id of its own': ({ credentials }, secret) =>
      credentials.save({ id: randomUUID(), ...password(secret) }),
    'save() twice of one instance, without waiting': ({ credentials, existing }, secret) => {
      const entity = credentials.create({ id: existing.id, password: secret })
      return Promise.allSettled([credentials.save(entity), credentials.save(entity)])
    },
    'save() in a transaction': ({ dataSource, model }, secret) =>
      dataSource.transaction((manager) => manager.save(model.Credential, password(secret))),
    'save() in a transaction in a transaction': ({ dataSource, model }, secret) =>
      dataSource.transaction((outer) =>
        outer.transaction((manager) => manager.save(model.Credential, password(secret))),
      ),
    'queryRunner.manager.save()': async ({ dataSource, model }, secret) => {
      const runner = dataSource.createQueryRunner()
      try {
        await runner.manager.save(model.Credential, password(secret))
      } finally {
        await runner.release()
      }
    },
    'a migration that saves, by runMigrations()': async ({ dataSource, model }, secret) => {
      class Seed {
        readonly name = `Seed${Date.now()}`
        up = (runner: { manager: typeof dataSource.manager }) => runner.manager.save(model.Credential, password(secret))
        down = async () => undefined
      }
      ;(dataSource.migrations as unknown[]).push(new Seed())
      try {
        await dataSource.runMigrations()
      } finally {
        dataSource.migrations.pop()
        await dataSource.query('DROP TABLE IF EXISTS migrations')
      }
    },
    'a repository made by extend()': ({ credentials }, secret) => {
      const extended = credentials.extend({
        keep(value: string) {
          return this.save(password(value))
        },
      })
      return extended.keep(secret)
    },
    'create() and save() of an EncryptedValue.of(value)': ({ credentials }, secret) =>
      credentials.save(credentials.create({ tenantId: randomUUID(), oauth: openOrValue(credentials, secret) })),
    'merge() into a loaded entity, and save()': async (ground, secret) =>
      ground.credentials.save(ground.credentials.merge(await loaded(ground), { password: secret })),
    'preload() and save()': async ({ credentials, existing }, secret) =>
      credentials.save((await credentials.preload({ id: existing.id, password: secret })) as Credential),
    'save() of what insert() returned as generated maps': async ({ credentials }, secret) => {
      const values = password(secret) as Credential
      const { identifiers } = await credentials.insert(values as never)
      await credentials.save({ ...identifiers[0], name: randomUUID() })
    },
  },
}

/** A lazy field of the twin in the open takes the value itself. */
function openOrValue({ metadata }: Ground['credentials'], access: string) {
  const isLazy = metadata.findColumnWithPropertyName('oauth')?.transformer !== undefined
  return (isLazy ? EncryptedValue.of({ access }) : { access }) as never
}

const inserting = ({ dataSource }: Ground) => dataSource.createQueryBuilder().insert()

export const inserts: Section = {
  title: 'insert()',
  about: "The caller's object keeps its plaintext.",
  cases: {
    'insert(values)': ({ credentials }, secret) => credentials.insert(everyField(secret) as never),
    'insert([…])': ({ credentials }, secret) =>
      credentials.insert([everyField(secret), { tenantId: randomUUID() }, everyField(secret)] as never),
    'createQueryBuilder().insert().into(Credential).values()': (ground, secret) =>
      inserting(ground)
        .into(ground.model.Credential)
        .values(everyField(secret) as never)
        .execute(),
    "… .into('credential'), the table's name": (ground, secret) =>
      inserting(ground).into('credential').values(password(secret)).execute(),
    '… .values([…])': (ground, secret) =>
      inserting(ground)
        .into(ground.model.Credential)
        .values([password(secret), password(secret)])
        .execute(),
    "… .returning('*')": (ground, secret) =>
      inserting(ground).into(ground.model.Credential).values(password(secret)).returning('*').execute(),
    '… .updateEntity(false)': (ground, secret) =>
      inserting(ground).into(ground.model.Credential).values(password(secret)).updateEntity(false).execute(),
    '… .orIgnore() of a new row': (ground, secret) =>
      inserting(ground)
        .into(ground.model.Credential)
        .values({ ...password(secret), name: randomUUID() })
        .orIgnore()
        .execute(),
    '… .orIgnore() of several rows, one of which exists': (ground, secret) =>
      inserting(ground)
        .into(ground.model.Credential)
        .values([
          { ...password('other'), name: ground.existing.name },
          { ...password(secret), name: randomUUID() },
        ])
        .orIgnore()
        .execute(),
    '… .into(Credential, [columns]) with the metadata column': (ground, secret) =>
      inserting(ground)
        .into(ground.model.Credential, ['id', 'tenantId', 'password', 'encryptionMetadata'] as never)
        .values(password(secret))
        .execute(),
    '… .into(Credential, [columns]) without the metadata column': (ground, secret) =>
      inserting(ground)
        .into(ground.model.Credential, ['id', 'tenantId', 'password'] as never)
        .values(password(secret))
        .execute(),
    'insert() of the same object twice': ({ credentials }, secret) => {
      const values = { ...password(secret), id: randomUUID() }
      return credentials.insert(values).then(() => credentials.insert(Object.assign(values, { id: randomUUID() })))
    },
  },
}

export const relatedWrites: Section = {
  title: 'Relations, inheritance, trees, other kinds of entities',
  about: 'What a save reaches by cascades, and entities that are declared in another way.',
  cases: {
    'save({ …, tokens: [{ value }] }), a cascade to plain objects': ({ credentials }, secret) =>
      credentials.save({ tenantId: randomUUID(), tokens: [{ value: secret } as never] }),
    'save() of a changed entity in a cascade': async ({ credentials, existing }, secret) => {
      const entity = await credentials.findOneOrFail({ where: { id: existing.id }, relations: { tokens: true } })
      ;(entity.tokens[0] as { value: string }).value = secret
      await credentials.save(entity)
    },
    'save({ value, credential: { …, password } }), a cascade upwards': ({ dataSource, model }, secret) =>
      dataSource
        .getRepository(model.Token)
        .save({ value: 'v', credential: { tenantId: randomUUID(), password: secret } as Credential }),
    'save() of a child class of a single table': ({ dataSource, model }, secret) =>
      dataSource.getRepository(model.MailAccount).save({ password: 'p', recoveryCode: secret }),
    "save() of a child's instance by the parent's repository": ({ dataSource, model }, secret) =>
      dataSource.getRepository(model.Account).save(Object.assign(new model.MailAccount(), { recoveryCode: secret })),
    'save() of a tree with its children': ({ dataSource, model }, secret) =>
      dataSource.getTreeRepository(model.Folder).save({ secret: 'root', children: [{ secret } as never] }),
    'save() of an EntitySchema without a class': ({ dataSource, model }, secret) =>
      dataSource.getRepository(model.ApiKey).save({ secret }),
    'entity.save() of a BaseEntity': ({ dataSource, model }, secret) => {
      model.Login.useDataSource(dataSource)
      return Object.assign(new model.Login(), { secret }).save()
    },
    'Login.insert() of a BaseEntity': ({ dataSource, model }, secret) => {
      model.Login.useDataSource(dataSource)
      return model.Login.insert({ secret } as never)
    },
  },
}

export const replicated: Section = {
  title: 'Replication',
  about: 'A DataSource with a master and slaves.',
  setup: 'replicated',
  cases: {
    'save()': ({ credentials }, secret) => credentials.save(everyField(secret)),
    'save({ id, password })': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, password: secret }),
    'update(id, { password })': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { password: secret }),
    'find({ where: { password } }), on a slave': ({ credentials }, secret) => credentials.findBy({ password: secret }),
    "createQueryBuilder().where('password = :p'), on a slave": ({ credentials }, secret) =>
      credentials.createQueryBuilder('c').where('c.password = :secret', { secret }).getMany(),
  },
}

const onExisting = ({ existing }: Ground) => ({ id: existing.id })

export const kept: Section = {
  title: 'Operations that do not concern a field',
  about: 'They do what they always did; every field of every row opens afterwards.',
  withoutControl: 'all',
  cases: {
    'save() of an unchanged entity': async (ground) => ground.credentials.save(await loaded(ground)),
    'save({ id, name })': ({ credentials, existing }) => credentials.save({ id: existing.id, name: randomUUID() }),
    'save() three times of an entity without its hidden field': async (ground) => {
      const entity = await loaded(ground)
      for (const calls of [1, 2, 3]) await ground.credentials.save(Object.assign(entity, { calls }))
    },
    'save({ id, password: undefined })': ({ credentials, existing }) =>
      credentials.save({ id: existing.id, password: undefined } as never),
    'save({ id, password: null })': ({ credentials, existing }) =>
      credentials.save({ id: existing.id, password: null }),
    'update(id, { name })': ({ credentials, existing }) => credentials.update(existing.id, { name: randomUUID() }),
    'update(id, { password: null })': ({ credentials, existing }) =>
      credentials.update(existing.id, { password: null }),
    'upsert({ tenantId, name, calls })': ({ credentials, existing: { tenantId, name } }) =>
      credentials.upsert({ tenantId, name, calls: 7 }, ['name']),
    'increment({ id }, "calls", 1)': (ground) => ground.credentials.increment(onExisting(ground), 'calls', 1),
    'decrement({ id }, "calls", 1)': (ground) => ground.credentials.decrement(onExisting(ground), 'calls', 1),
    'softRemove(entity) and recover(entity)': async (ground) => {
      const entity = await loaded(ground)
      await ground.credentials.softRemove(entity)
      await ground.credentials.recover(entity)
    },
    'softRemove() of an entity with a changed field': async (ground, secret) =>
      ground.credentials.softRemove(Object.assign(await loaded(ground), { password: secret })),
    'softDelete(id) and restore(id)': async ({ credentials, existing }) => {
      await credentials.softDelete(existing.id)
      await credentials.restore(existing.id)
    },
    'remove(entity)': async (ground) => ground.credentials.remove(await loaded(ground)),
    'delete({ name })': ({ credentials, existing }) => credentials.delete({ name: existing.name as string }),
    'clear() of a table': ({ dataSource, model }) => dataSource.getRepository(model.Login).clear(),
    'relation(Credential, "tokens").of(a).add(token)': async ({ dataSource, model, credentials, existing }) => {
      const other = await credentials.save({ tenantId: randomUUID() })
      const [token] = existing.tokens
      await dataSource.createQueryBuilder().relation(model.Credential, 'tokens').of(other).add(token)
    },
    'relation(Token, "credential").of(token).set(null)': ({ dataSource, model, existing }) =>
      dataSource.createQueryBuilder().relation(model.Token, 'credential').of(existing.tokens[0]).set(null),
    'save({ id, tokens: [] }), which leaves the others alone without a parent': ({ credentials, existing }) =>
      credentials.save({ id: existing.id, tokens: [] }),
  },
}

export const own: Section = {
  title: 'updateEncrypted(), upsertEncrypted()',
  about: 'What takes the place of `update()` and `upsert()`.',
  withoutControl: 'all',
  cases: {
    'updateEncrypted(credentials, id, { password })': ({ credentials, existing }, secret) =>
      updateEncrypted(credentials, existing.id, { password: secret }),
    'updateEncrypted(credentials, id, { tenantId }), a move': ({ credentials, existing }) =>
      updateEncrypted(credentials, existing.id, { tenantId: randomUUID() }),
    'updateEncrypted(keys, id, { id, secret }), a new primary key': async ({ dataSource, model }, secret) => {
      const keys = dataSource.getRepository(model.ApiKey)
      const { id } = await keys.save({ secret: 'before' })
      await updateEncrypted(keys, id, { id: randomUUID(), secret })
    },
    "upsertEncrypted(credentials, values, ['name']) of a new row": ({ credentials }, secret) =>
      upsertEncrypted(credentials, { ...password(secret), name: randomUUID() }, ['name']),
    "upsertEncrypted(credentials, values, ['name']) of an existing row": ({ credentials, existing }, secret) =>
      upsertEncrypted(credentials, { ...password(secret), name: existing.name }, ['name']),
    'updateEncrypted(credentials, id, { password: () => "…" })': ({ credentials, existing }, secret) =>
      updateEncrypted(credentials, existing.id, { password: (() => `'${secret}'`) as never }),
  },
}
