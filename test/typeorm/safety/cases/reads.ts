import type { Ground, Run, Section } from '../cases.js'
import type { Credential } from '../model.js'

const byId = ({ existing }: Ground) => ({ id: existing.id })
const where = (ground: Ground) => ({ where: byId(ground) })
const query = (ground: Ground) => ground.credentials.createQueryBuilder('c').where('c.id = :id', byId(ground))
const tokensOf = (entity: Credential | null | undefined) => entity?.tokens.map(({ value }) => value)

export const finds: Section = {
  title: 'Repositories and query builders',
  about: 'What they make entities of. Transparent fields hold their plaintext, lazy ones an `EncryptedValue`.',
  reads: true,
  cases: {
    'find()': async (ground) => (await ground.credentials.find(where(ground)))[0]?.password,
    'findBy()': async (ground) => (await ground.credentials.findBy(byId(ground)))[0]?.password,
    'findOne()': async (ground) => (await ground.credentials.findOne(where(ground)))?.password,
    'findOneBy()': async (ground) => (await ground.credentials.findOneBy(byId(ground)))?.password,
    'findOneOrFail()': async (ground) => (await ground.credentials.findOneOrFail(where(ground))).password,
    'findAndCount()': async (ground) => (await ground.credentials.findAndCount(where(ground)))[0][0]?.password,
    'find({ skip, take, order })': async (ground) =>
      (await ground.credentials.find({ skip: 0, take: 1, order: { id: 'ASC' } }))[0]?.password,
    'find({ withDeleted: true })': async (ground) =>
      (await ground.credentials.find({ withDeleted: true }))[0]?.password,
    'find() of json': async (ground) => (await ground.credentials.findOneBy(byId(ground)))?.settings,
    'find() of bytes': async (ground) => (await ground.credentials.findOneBy(byId(ground)))?.certificate,
    'find() of an embedded field': async (ground) =>
      (await ground.credentials.findOneBy(byId(ground)))?.endpoint.secret,
    'find() of a lazy field': async (ground) => (await ground.credentials.findOneBy(byId(ground)))?.oauth,
    'find() of a lazy field, decrypt()': async (ground) => {
      const oauth = (await ground.credentials.findOneBy(byId(ground)))?.oauth as { decrypt?(): Promise<unknown> }
      return oauth.decrypt ? oauth.decrypt() : oauth
    },
    'find() of a field with select: false': async (ground) =>
      (await ground.credentials.findOneBy(byId(ground)))?.hidden,
    "addSelect('c.hidden')": async (ground) => (await query(ground).addSelect('c.hidden').getOne())?.hidden,
    'find() in a transaction': ({ dataSource, model, existing }) =>
      dataSource.transaction(
        async (manager) => (await manager.findOneBy(model.Credential, { id: existing.id }))?.password,
      ),
    'find({ lock })': ({ dataSource, model, existing }) =>
      dataSource.transaction(
        async (manager) =>
          (await manager.findOne(model.Credential, { where: { id: existing.id }, lock: { mode: 'pessimistic_write' } }))
            ?.password,
      ),
    'preload()': async ({ credentials, existing }) => (await credentials.preload({ id: existing.id }))?.password,
    'getOne()': async (ground) => (await query(ground).getOne())?.password,
    'getMany()': async (ground) => (await query(ground).getMany())[0]?.password,
    'getManyAndCount()': async (ground) => (await query(ground).getManyAndCount())[0][0]?.password,
    'getRawAndEntities(), its entities': async (ground) =>
      (await query(ground).getRawAndEntities()).entities[0]?.password,
    'getMany() with a join, skip and take': async (ground) =>
      (await query(ground).leftJoinAndSelect('c.tokens', 't').skip(0).take(1).getMany())[0]?.password,
    'find({ select: { password } }) without the envelope': async (ground) =>
      (await ground.credentials.findOne({ ...where(ground), select: { id: true, password: true } }))?.password,
    'find({ select: { password, encryptionMetadata, tenantId, id } })': async (ground) => {
      const select = { id: true, tenantId: true, password: true, encryptionMetadata: true } as const
      return (await ground.credentials.findOne({ ...where(ground), select }))?.password
    },
    'a repository of a view': async ({ dataSource, model, existing }) =>
      (await dataSource.getRepository(model.CredentialView).findOneByOrFail({ id: existing.id })).password,
    'entity.reload() of a BaseEntity': async ({ dataSource, model }, secret) => {
      model.Login.useDataSource(dataSource)
      const login = await Object.assign(new model.Login(), { secret }).save()
      login.secret = 'changed in memory'
      await login.reload()
      return login.secret
    },
    'findTrees()': async ({ dataSource, model }, secret) => {
      const trees = dataSource.getTreeRepository(model.Folder)
      await trees.save({ secret: 'root', children: [{ secret } as never] })
      return (await trees.findTrees())[0]?.children[0]?.secret
    },
    "a child class, by the parent's repository": async ({ dataSource, model }, secret) => {
      await dataSource.getRepository(model.MailAccount).save({ recoveryCode: secret })
      return (await dataSource.getRepository(model.Account).find())[0]?.recoveryCode
    },
  },
}

export const relations: Section = {
  title: 'Relations',
  about: 'Whatever a query brings along.',
  reads: true,
  cases: {
    "find({ relations, relationLoadStrategy: 'join' })": async (ground) =>
      tokensOf((await ground.credentials.find({ relations: { tokens: true }, relationLoadStrategy: 'join' }))[0]),
    "find({ relations, relationLoadStrategy: 'query' })": async (ground) =>
      tokensOf((await ground.credentials.find({ relations: { tokens: true }, relationLoadStrategy: 'query' }))[0]),
    "leftJoinAndSelect('c.tokens', 't')": async (ground) =>
      tokensOf(await query(ground).leftJoinAndSelect('c.tokens', 't').getOne()),
    "relation(Credential, 'tokens').of(id).loadMany()": async ({ dataSource, model, existing }) =>
      (await dataSource.createQueryBuilder().relation(model.Credential, 'tokens').of(existing.id).loadMany()).map(
        ({ value }: { value?: unknown }) => value,
      ),
    "leftJoinAndMapMany('c.all', Token, …)": async (ground) => mapped(await mappedJoin(ground)),
    "leftJoinAndMapMany('c.all', 'c.tokens', 't'), by the relation": async (ground) =>
      mapped(await query(ground).leftJoinAndMapMany('c.all', 'c.tokens', 't').getOne()),
  },
}

const mappedJoin = (ground: Ground) =>
  query(ground).leftJoinAndMapMany('c.all', ground.model.Token, 't', '"t"."credentialId" = c.id').getOne()
const mapped = (entity: unknown) => (entity as { all: { value: unknown }[] }).all.map(({ value }) => value)

export const withoutHooks: Section = {
  title: 'Reads without hooks',
  about: 'TypeORM calls none of its load hooks here. No ciphertext is taken for a plaintext.',
  reads: true,
  instead: '`find()`, or `decryptAll(repository, entities)`',
  cases: {
    'getMany() with callListeners(false)': async (ground) =>
      (await query(ground).callListeners(false).getMany())[0]?.password,
    'getRawOne()': async (ground) => (await query(ground).getRawOne())?.c_password,
    'getRawMany()': async (ground) => (await query(ground).getRawMany())[0]?.c_password,
    'getRawMany() of bytes': async (ground) => (await query(ground).getRawMany())[0]?.c_certificate,
    "select('c.password', 'name').getRawMany(), by another alias": async (ground) =>
      (await query(ground).select('c.password', 'name').getRawMany())[0]?.name,
    "select('c.password', 'c_name').getMany(), in place of another column": async (ground) =>
      (await query(ground).select('c.id').addSelect('c.password', 'c_name').getMany())[0]?.name,
    'getRawAndEntities(), its raw rows': async (ground) => (await query(ground).getRawAndEntities()).raw[0]?.c_password,
    "maximum('password')": ({ credentials }) => credentials.maximum('password' as never),
    'stream()': async (ground) => {
      const rows: { c_password: unknown }[] = []
      for await (const row of await query(ground).stream()) rows.push(row)
      return rows[0]?.c_password
    },
    "query('SELECT password …')": async ({ dataSource }) =>
      (await dataSource.query('SELECT password FROM credential'))[0]?.password,
    "update(…).returning('*'), its raw rows": async (ground) => {
      const update = ground.dataSource.createQueryBuilder().update(ground.model.Credential).set({ calls: 1 })
      return (await update.where('id = :id', byId(ground)).returning('*').execute()).raw[0].password
    },
    "update(…).whereEntity(entity).returning('*'), what the entity holds": async (ground) => {
      const entity = await ground.credentials.findOneByOrFail(byId(ground))
      const update = ground.dataSource.createQueryBuilder().update(ground.model.Credential).set({ calls: 1 })
      await update.whereEntity(entity).returning('*').execute()
      return entity.password
    },
    "softDelete().whereEntity(entity).returning('*'), what the entity holds": async (ground) => {
      const entity = await ground.credentials.findOneByOrFail(byId(ground))
      const remove = ground.dataSource.createQueryBuilder().softDelete().from(ground.model.Credential)
      await remove.whereEntity(entity).returning('*').execute()
      return entity.password
    },
  },
}

const cached: Record<string, Run> = {
  'find({ cache: true }), missed': async (ground) =>
    (await ground.credentials.findOne({ ...where(ground), cache: true }))?.password,
  'find({ cache: true }), hit': async (ground) => {
    await ground.credentials.findOne({ ...where(ground), cache: true })
    return (await ground.credentials.findOne({ ...where(ground), cache: true }))?.password
  },
  'find({ cache: true }) of bytes, hit': async (ground) => {
    await ground.credentials.findOne({ ...where(ground), cache: true })
    return (await ground.credentials.findOne({ ...where(ground), cache: true }))?.certificate
  },
  'getMany() with cache("name", 1000), hit': async (ground) => {
    await query(ground).cache('name', 60_000).getMany()
    return (await query(ground).cache('name', 60_000).getMany())[0]?.password
  },
}

export const cachedReads: Section = {
  title: 'The query cache',
  about: 'The table `query-result-cache` holds ciphertexts. A hit is decrypted as a miss is.',
  reads: true,
  cases: cached,
}

export const otherCachedReads: Section = {
  ...cachedReads,
  title: "A query cache of the application's own",
  about: 'As before: the cache is given ciphertexts.',
  setup: 'other cache',
}

export const readsWithoutSubscriber: Section = {
  title: 'Reads without withEncryption()',
  about: 'Nothing decrypts there.',
  reads: true,
  setup: 'without withEncryption()',
  instead: 'call `withEncryption()` before `initialize()`',
  cases: {
    'find()': async (ground) => (await ground.credentials.findOneBy(byId(ground)))?.password,
    'find() of a lazy field': async (ground) => (await ground.credentials.findOneBy(byId(ground)))?.oauth,
    'getRawMany()': async (ground) => (await query(ground).getRawMany())[0]?.c_password,
  },
}
