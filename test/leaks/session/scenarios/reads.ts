import { decryptAll } from '../../../../src/typeorm/index.js'
import { filled, scenarios } from '../scenario.js'
import type { World } from '../world.js'

async function storedId({ credentials, cipher }: World, plaintext: string): Promise<string> {
  const { id } = await credentials.save(filled(plaintext))
  cipher.forgetAll()
  return id
}

/** Operations that succeed. They return what holds no plaintext. */
export const reads = scenarios({
  async 'find() of a row'(world, plaintext) {
    const id = await storedId(world, plaintext)
    const found = await world.credentials.findOneOrFail({ where: { id }, relations: { tokens: true } })
    return { oauth: found.oauth, envelope: found.encryptionMetadata }
  },
  async 'a cached query, missed and hit'(world, plaintext) {
    const id = await storedId(world, plaintext)
    for (let pass = 0; pass < 2; pass++) await world.credentials.findOne({ where: { id }, cache: 60_000 })
  },
  async 'a query without hooks, raw rows and decryptAll()'(world, plaintext) {
    const id = await storedId(world, plaintext)
    const query = world.credentials.createQueryBuilder('c').where({ id })
    // Without the bytes of `pg`, whose buffers show the memory that they share to an inspector that looks at it.
    const raw = await query.select(['c.password', 'c.settings', 'c.encryptionMetadata']).getRawMany()
    const withoutHooks = await world.credentials.createQueryBuilder('c').where({ id }).callListeners(false).getMany()
    const shown = { raw, withoutHooks: { ...withoutHooks[0] } }
    await decryptAll(world.credentials, withoutHooks)
    return shown
  },
  async 'what the library is made of, with a data key at hand'(world, plaintext) {
    const id = await storedId(world, plaintext)
    const { oauth, encryptionMetadata } = await world.credentials.findOneByOrFail({ id })
    const { cipher, kms, dataSource, credentials } = world
    const transformers = credentials.metadata.columns.flatMap(({ transformer }) => transformer ?? [])
    // Not that of the metadata: it refuses to become JSON, which TypeORM makes of it before any logger.
    const parameters = transformers.slice(0, 4).map((each) => each.to(plaintext))
    const envelope = await cipher.mint({ entity: 'credential', context: {} })
    const { dataKey } = envelope
    const made = {
      transformers,
      parameters,
      envelope,
      dataKey,
      keyObject: dataKey.keyObject,
      oauth,
      encryptionMetadata,
    }
    return { cipher, kms, subscribers: dataSource.subscribers, ...made, all: made }
  },
})
