import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { Credential, Token } from './entities.js'
import { suite } from './suite.js'

/** TypeORM sets nullable properties that were undefined to null after it has written an entity, loaded or not. */
const s = suite([Credential, Token])
const credentials = () => s.dataSource.getRepository(Credential)

for (const write of ['softRemove', 'recover'] as const) {
  test(`fields that were not loaded outlive ${write}() and a save after it`, async () => {
    const { id } = await credentials().save({ tenantId: randomUUID(), password: 'p', hidden: 'h' } as Credential)
    if (write === 'recover') await credentials().softDelete(id)
    const entity = await credentials().findOneOrFail({ where: { id }, withDeleted: true })
    await credentials()[write](entity)
    expect(entity.hidden).toBeUndefined()
    entity.name = randomUUID()
    await credentials().save(entity)
    const query = credentials().createQueryBuilder('c').addSelect('c.hidden').withDeleted().where({ id })
    expect(await query.getOneOrFail()).toMatchObject({ password: 'p', hidden: 'h', name: entity.name })
  })
}
