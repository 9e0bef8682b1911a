import { In, Like, Not, Raw } from 'typeorm'
import { filled, scenarios, tenantId } from '../scenario.js'
import type { World } from '../world.js'

const stored = ({ credentials }: World) => credentials.save({ tenantId, password: 'before' })

/** Operations that are refused before any statement is sent. */
export const refusals = scenarios({
  async 'update()'(world, plaintext) {
    const { id } = await stored(world)
    await world.credentials.update(id, { password: plaintext })
  },
  'a query builder that updates': ({ credentials }, plaintext) =>
    credentials.createQueryBuilder().update().set({ password: plaintext }).where('true').execute(),
  'a query builder without listeners': ({ credentials }, plaintext) =>
    credentials
      .createQueryBuilder()
      .insert()
      .values(filled(plaintext) as never)
      .callListeners(false)
      .execute(),
  'save() without listeners': ({ credentials }, plaintext) =>
    credentials.save(filled(plaintext), { listeners: false }).then(() => undefined),
  async 'upsert()'(world, plaintext) {
    const name = (await stored(world)).id
    await world.credentials.upsert({ tenantId, name, password: plaintext }, ['name'])
  },
  'a condition': ({ credentials }, plaintext) => credentials.findOneByOrFail({ password: plaintext }),
  'conditions by operators': ({ credentials }, plaintext) =>
    credentials.findOneByOrFail([
      { password: In([plaintext]) },
      { password: Not(plaintext) },
      { password: Like(plaintext) },
    ]),
  'a condition on JSON': ({ credentials }, plaintext) => credentials.findBy({ settings: { a: plaintext } as never }),
  'a condition on bytes': ({ credentials }, plaintext) =>
    credentials.findBy({ certificate: Buffer.from(plaintext) as never }),
  'a cached condition': ({ credentials }, plaintext) =>
    credentials.find({ where: { password: plaintext }, cache: true }),
  async 'an SQL expression'(world, plaintext) {
    const entity = await stored(world)
    entity.password = (() => `'${plaintext}'`) as never
    await world.credentials.save(entity)
  },
  'JSON that would not come back': ({ credentials }, plaintext) =>
    credentials.save({ tenantId, settings: { plaintext, at: new Date(0) } as never }).then(() => undefined),
  'text that is no Unicode': ({ credentials }, plaintext) =>
    credentials.save({ tenantId, password: `${plaintext}\ud800` }).then(() => undefined),
  'another kind of value': ({ credentials }, plaintext) =>
    credentials
      .save({ tenantId, certificate: plaintext as never, password: [plaintext] as never })
      .then(() => undefined),
  async 'a value of another row'(world, plaintext) {
    const { oauth } = await world.credentials.save(filled(plaintext))
    await world.credentials.save({ tenantId, oauth })
  },
  async 'metadata by hand'(world, plaintext) {
    const { id } = await stored(world)
    await world.credentials.update(id, { encryptionMetadata: { plaintext } as never })
  },
})

/** Looked at before TypeORM's logger sees them. */
export const refusedConditionsInSql = scenarios({
  'a condition in SQL text': ({ credentials }, plaintext) =>
    credentials.createQueryBuilder('c').where('c.password = :plaintext', { plaintext }).getMany(),
  'a cached condition in SQL text': ({ credentials }, plaintext) =>
    credentials.createQueryBuilder('c').where('c.password = :plaintext', { plaintext }).cache(true).getMany(),
  'a condition by Raw()': ({ credentials }, plaintext) =>
    credentials.findBy({ password: Raw((column) => `${column} = :plaintext`, { plaintext }) }),
})

/** The application's own SQL is on the wire before the guard refuses it. */
export const refusedByGuard = scenarios(
  {
    async 'plaintext by SQL'(world, plaintext) {
      const { id } = await stored(world)
      const { tableName } = world.credentials.metadata
      await world.dataSource.query(`update "${tableName}" set password = $1 where id = $2`, [plaintext, id])
    },
    async 'an SQL expression without listeners'(world, plaintext) {
      const { id } = await stored(world)
      await world.credentials
        .createQueryBuilder()
        .update()
        .set({ password: () => `'${plaintext}'` })
        .where({ id })
        .callListeners(false)
        .execute()
    },
    async 'metadata by SQL'(world, plaintext) {
      const { id } = await stored(world)
      const { tableName } = world.credentials.metadata
      const metadata = JSON.stringify({ format: 1, plaintext })
      const statement = `update "${tableName}" set encryption_metadata = $1 where id = $2`
      await world.dataSource.query(statement, [metadata, id])
    },
  },
  ['TypeORM', 'server log', 'spans of pg'],
)
