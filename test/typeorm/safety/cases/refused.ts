import { randomUUID } from 'node:crypto'
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js'
import { type Ground, method, type Run, type Section } from '../cases.js'
import type { Credential } from '../model.js'

type Values = QueryDeepPartialEntity<Credential>

const builder = ({ dataSource }: Ground) => dataSource.createQueryBuilder()
const byId = ({ existing }: Ground) => ({ id: existing.id })
const setting = (ground: Ground, values: object, target: unknown = ground.model.Credential) =>
  builder(ground)
    .update(target as never)
    .set(values)
    .where('id = :id', byId(ground))
const inserting = (ground: Ground, values: object) =>
  builder(ground)
    .insert()
    .into(ground.model.Credential)
    .values({ tenantId: ground.existing.tenantId, ...values } as Values)

export const updates: Section = {
  title: 'update() and its like',
  about: 'They change rows that nobody loaded, so there is no data key to encrypt under. Nothing is sent.',
  instead: '`save()`, or `updateEncrypted(repository, id, changes)`; to `null` they may set a field',
  withoutControl: ["update(id, { 'endpoint.secret': … })"],
  cases: {
    'update(id, { password })': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { password: secret }),
    'update(criteria, { password })': ({ credentials, existing }, secret) =>
      credentials.update({ name: existing.name as string }, { password: secret }),
    'update(id, { name, password })': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { name: 'other', password: secret }),
    'update(id, { endpoint: { secret } })': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { endpoint: { secret } }),
    "update(id, { 'endpoint.secret': … })": ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { 'endpoint.secret': secret } as Values),
    'update(id, { settings }), json': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { settings: { a: secret } }),
    'update(id, { oauth }), lazy': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { oauth: { access: secret } as never }),
    'update(id, { certificate }), bytes': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { certificate: Buffer.from(secret) }),
    'update(id, { hidden }), select: false': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { hidden: secret }),
    "update(id, { password }, { returning: '*' })": ({ credentials, existing }, secret) =>
      (method(credentials, 'update') as Repeated)(existing.id, { password: secret }, { returning: '*' }),
    'updateAll({ password })': ({ credentials }, secret) => method(credentials, 'updateAll')({ password: secret }),
    'manager.update(Credential, id, { password })': ({ dataSource, model, existing }, secret) =>
      dataSource.manager.update(model.Credential, existing.id, { password: secret }),
    'update() in a transaction': ({ dataSource, model, existing }, secret) =>
      dataSource.transaction((manager) => manager.update(model.Credential, existing.id, { password: secret })),
    'createQueryBuilder().update(Credential).set({ password })': (ground, secret) =>
      setting(ground, { password: secret }).execute(),
    "… .update('credential'), the table's name": (ground, secret) =>
      setting(ground, { password: secret }, 'credential').execute(),
    '… .whereEntity(entity)': (ground, secret) =>
      builder(ground).update(ground.model.Credential).set({ password: secret }).whereEntity(ground.existing).execute(),
    '… .callListeners(false)': (ground, secret) => setting(ground, { password: secret }).callListeners(false).execute(),
    '… .set({ certificate }).callListeners(false), bytes': (ground, secret) =>
      setting(ground, { certificate: Buffer.from(secret) })
        .callListeners(false)
        .execute(),
    '… .set({ settings }).callListeners(false), json': (ground, secret) =>
      setting(ground, { settings: { a: secret } })
        .callListeners(false)
        .execute(),
    'update() of a child class of a single table': ({ dataSource, model }, secret) =>
      dataSource.getRepository(model.MailAccount).update({ recoveryCode: 'x' }, { recoveryCode: secret }),
    'update() of an EntitySchema': ({ dataSource, model }, secret) =>
      dataSource.getRepository(model.ApiKey).update(randomUUID(), { secret }),
    'Login.update() of a BaseEntity': ({ dataSource, model }, secret) => {
      model.Login.useDataSource(dataSource)
      return model.Login.update(randomUUID(), { secret } as never)
    },
  },
}

type Repeated = (...args: unknown[]) => Promise<unknown>

export const withoutListeners: Section = {
  title: 'Listeners switched off',
  about: 'Without its hooks the library cannot encrypt, and the transformers of the columns refuse.',
  instead: 'leave the listeners on',
  cases: {
    'save(entity, { listeners: false }) of a new row': ({ credentials, existing }, secret) =>
      credentials.save({ tenantId: existing.tenantId, password: secret }, { listeners: false }),
    'save(entity, { listeners: false }) of a changed row': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, password: secret }, { listeners: false }),
    '… of a changed embedded field': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, endpoint: { secret } }, { listeners: false }),
    '… of json': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, settings: { a: secret } }, { listeners: false }),
    '… of bytes': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, certificate: Buffer.from(secret) }, { listeners: false }),
    '… of a cascade': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, tokens: [{ value: secret } as never] }, { listeners: false }),
    'insert().into(Credential).values({ password }).callListeners(false)': (ground, secret) =>
      inserting(ground, { password: secret }).callListeners(false).execute(),
    'insert().values({ settings }).callListeners(false), json': (ground, secret) =>
      inserting(ground, { settings: { a: secret } })
        .callListeners(false)
        .execute(),
    'insert().values({ certificate }).callListeners(false), bytes': (ground, secret) =>
      inserting(ground, { certificate: Buffer.from(secret) })
        .callListeners(false)
        .execute(),
  },
}

export const upserts: Section = {
  title: 'upsert() and its like',
  about:
    'Where the row exists they would write new ciphertexts beside the old key, and the row would never open again. ' +
    'They are refused whether it exists or not.',
  instead: '`upsertEncrypted(repository, values, conflictPaths)`',
  cases: {
    "upsert(values, ['name']) of a new row": ({ credentials, existing: { tenantId } }, secret) =>
      credentials.upsert({ tenantId, name: randomUUID(), password: secret }, ['name']),
    "upsert(values, ['name']) of an existing row": ({ credentials, existing: { tenantId, name } }, secret) =>
      credentials.upsert({ tenantId, name, password: secret }, ['name']),
    'upsert([…])': ({ credentials, existing: { tenantId, name } }, secret) =>
      credentials.upsert(
        [
          { tenantId, name: randomUUID(), password: secret },
          { tenantId, name, calls: 1 },
        ],
        ['name'],
      ),
    'upsert(values, { skipUpdateIfNoValuesChanged: true })': ({ credentials, existing: { tenantId, name } }, secret) =>
      credentials.upsert(
        { tenantId, name, password: secret },
        { conflictPaths: ['name'], skipUpdateIfNoValuesChanged: true },
      ),
    'upsert() of an entity that was loaded': async ({ credentials, existing }, secret) => {
      const entity = await credentials.findOneByOrFail({ id: existing.id })
      await credentials.upsert(Object.assign(entity, { password: secret }) as never, ['id'])
    },
    "insert().values().orUpdate(['password'], ['name'])": (ground, secret) =>
      inserting(ground, { name: ground.existing.name, password: secret }).orUpdate(['password'], ['name']).execute(),
    "insert().values().orUpdate(['calls'], ['name'])": (ground, secret) =>
      inserting(ground, { name: ground.existing.name, calls: 2, password: secret })
        .orUpdate(['calls'], ['name'])
        .execute(),
    '… .orUpdate(…).callListeners(false)': (ground, secret) =>
      inserting(ground, { name: ground.existing.name, password: secret })
        .orUpdate(['password'], ['name'])
        .callListeners(false)
        .execute(),
    "insert().onConflict('… DO UPDATE SET password = :p')": (ground, secret) => {
      const insert = inserting(ground, { name: ground.existing.name }).setParameter('secret', secret)
      return (method(insert, 'onConflict') as (statement: string) => typeof insert)(
        '("name") DO UPDATE SET "password" = :secret',
      ).execute()
    },
  },
}

const literal = (secret: string) => (() => `'${secret}'`) as never

export const expressions: Section = {
  title: 'SQL expressions as values',
  about:
    'TypeORM writes what a function returns into the statement. With its hooks the library refuses that; without, the guard.',
  instead: 'assign the value',
  cases: {
    'save({ id, password: () => "…" })': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, password: literal(secret) }),
    'save({ password: () => "…" }) of a new row': ({ credentials, existing }, secret) =>
      credentials.save({ tenantId: existing.tenantId, password: literal(secret) }),
    'save({ id, endpoint: { secret: () => "…" } })': ({ credentials, existing }, secret) =>
      credentials.save({ id: existing.id, endpoint: { secret: literal(secret) } }),
    'insert({ password: () => "…" })': ({ credentials, existing }, secret) =>
      credentials.insert({ tenantId: existing.tenantId, password: literal(secret) }),
    'update(id, { password: () => "…" })': ({ credentials, existing }, secret) =>
      credentials.update(existing.id, { password: literal(secret) }),
    'update().set({ password: () => ":p" }).setParameter("p", …)': (ground, secret) =>
      setting(ground, { password: () => ':secret' })
        .setParameter('secret', secret)
        .execute(),
    'update().set({ password: () => "…" }).callListeners(false)': (ground, secret) =>
      setting(ground, { password: literal(secret) })
        .callListeners(false)
        .execute(),
    'insert().values({ password: () => "…" }).callListeners(false)': (ground, secret) =>
      inserting(ground, { password: literal(secret) })
        .callListeners(false)
        .execute(),
    'save({ password: () => "…" }, { listeners: false })': ({ credentials, existing }, secret) =>
      credentials.save({ tenantId: existing.tenantId, password: literal(secret) }, { listeners: false }),
  },
}

export const arithmetic: Section = {
  title: 'Arithmetic on a field',
  about: 'A ciphertext plus one is nothing.',
  instead: '`save()`, or `updateEncrypted()`',
  withoutControl: 'all',
  cases: {
    'increment({ id }, "password", 1)': (ground) => ground.credentials.increment(byId(ground), 'password', 1),
    'decrement({ id }, "password", 1)': (ground) => ground.credentials.decrement(byId(ground), 'password', 1),
  },
}

const values: Record<string, (secret: string) => unknown> = {
  'a number': () => 42,
  false: () => false,
  'a Date': () => new Date(0),
  'an object': (secret) => ({ secret }),
  'an array': (secret) => [secret],
  'a String object': (secret) => Object(secret),
  'a Buffer': (secret) => Buffer.from(secret),
  'a lone surrogate': (secret) => `${secret}\ud800`,
  'an object with toPostgres()': (secret) => ({ toPostgres: () => secret }),
  'an object with toJSON()': (secret) => ({ toJSON: () => secret }),
}

const ways: Record<string, (ground: Ground, password: never) => Promise<unknown>> = {
  'save({ id, password })': ({ credentials, existing }, password) => credentials.save({ id: existing.id, password }),
  'insert({ password })': ({ credentials, existing: { tenantId } }, password) =>
    credentials.insert({ tenantId, password }),
  'update(id, { password })': ({ credentials, existing }, password) => credentials.update(existing.id, { password }),
  'save({ id, password }, { listeners: false })': ({ credentials, existing }, password) =>
    credentials.save({ id: existing.id, password }, { listeners: false }),
}

export const otherTypes: Section = {
  title: 'Values of another type',
  about: 'A text field takes well-formed strings and nothing that would become one on its way.',
  instead: 'convert it first, or declare `as: "json"` or `as: "bytes"`',
  withoutControl: 'all',
  cases: Object.fromEntries(
    Object.entries(values).flatMap(([what, value]) =>
      Object.entries(ways).map(([way, write]): [string, Run] => [
        `${way} with ${what}`,
        (ground, secret) => write(ground, value(secret) as never),
      ]),
    ),
  ),
}

const circle = (secret: string) => {
  const object: { secret: string; self?: object } = { secret }
  object.self = object
  return object
}

const json: Record<string, (secret: string) => unknown> = {
  'a Date': (secret) => ({ secret, at: new Date(0) }),
  NaN: (secret) => ({ secret, n: Number.NaN }),
  'minus zero': (secret) => ({ secret, n: -0 }),
  undefined: (secret) => ({ secret, u: undefined }),
  'a class instance': (secret) => Object.assign(new (class Settings {})(), { secret }),
  'a Map': (secret) => ({ map: new Map([[secret, 1]]) }),
  'a bigint': (secret) => ({ secret, n: 1n }),
  'a function': (secret) => ({ secret, f: () => secret }),
  'a circle': circle,
}

export const otherJson: Section = {
  title: 'JSON that would not come back as it was',
  about: 'A json field takes what equals its own JSON round trip.',
  instead: 'assign plain data',
  withoutControl: 'all',
  cases: Object.fromEntries(
    Object.entries(json).map(([what, value]): [string, Run] => [
      `save({ settings }) with ${what}`,
      ({ credentials, existing: { tenantId } }, secret) => credentials.save({ tenantId, settings: value(secret) }),
    ]),
  ),
}
