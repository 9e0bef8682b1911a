import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { DataSource, Repository } from 'typeorm'
import { readEnvelopes, rewrapRows } from '../../src/postgres/index.js'
import { protectedTableOf, queryableOf, updateEncrypted, upsertEncrypted } from '../../src/typeorm/index.js'
import { encryptedDataSource } from './data-source.js'
import { Credential, Token } from './entities.js'
import { suite } from './suite.js'

/** Two applications on one table. Nobody's write makes a row unreadable, whoever is first. */
const s = suite([Credential, Token])
const tenantId = randomUUID()
let second: DataSource
let one: Repository<Credential>
let two: Repository<Credential>

beforeAll(async () => {
  const { provider } = s.encrypted
  const other = await encryptedDataSource(s.database, [Credential, Token], {
    provider,
    typeorm: { synchronize: false },
  })
  second = other.dataSource
  one = s.dataSource.getRepository(Credential)
  two = second.getRepository(Credential)
})
afterAll(() => second?.destroy())

async function row(values: Partial<Credential> = {}): Promise<string> {
  return (await one.save(one.create({ tenantId, ...values } as Credential))).id
}

const full = { password: 'full', settings: { of: 'full' }, hidden: null, endpoint: { secret: null, host: null } }

/** Both load the row; `first` commits before `then` sends its update. */
async function inTurn(
  id: string,
  first: Partial<Credential>,
  then: Partial<Credential>,
): Promise<PromiseSettledResult<unknown>> {
  const [a, b] = [await one.findOneByOrFail({ id }), await two.findOneByOrFail({ id })]
  Object.assign(a, first)
  Object.assign(b, then)
  // A pause between the reload of `then` and its statement is where the other writer comes in.
  let stored = false
  const pause = {
    async beforeUpdate() {
      if (!stored) {
        stored = true
        await one.save(a)
      }
    },
  }
  second.subscribers.push(pause)
  try {
    const [result] = await Promise.allSettled([two.save(b)])
    return result as PromiseSettledResult<unknown>
  } finally {
    second.subscribers.splice(second.subscribers.indexOf(pause), 1)
  }
}

test('two first values by two writers: the second is told to retry, and then succeeds', async () => {
  const id = await row()
  const result = await inTurn(id, { password: 'first' }, { settings: { of: 'second' } })
  expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ENVELOPE_CHANGED', retryable: true } })
  const again = await two.findOneByOrFail({ id })
  again.settings = { of: 'second' }
  await two.save(again)
  expect(await one.findOneByOrFail({ id })).toMatchObject({ password: 'first', settings: { of: 'second' } })
})

test('a partial update that meets a full one is told to retry', async () => {
  const id = await row({ password: 'a', settings: { of: 'a' } })
  const result = await inTurn(id, full, { password: 'partial' })
  expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ENVELOPE_CHANGED', retryable: true } })
  expect(await one.findOneByOrFail({ id })).toMatchObject({ password: 'full', settings: { of: 'full' } })
})

test('a full update that meets a partial one replaces it', async () => {
  const id = await row({ password: 'a', settings: { of: 'a' } })
  const result = await inTurn(id, { password: 'partial' }, full)
  expect(result).toMatchObject({ status: 'fulfilled' })
  expect(await one.findOneByOrFail({ id })).toMatchObject({ password: 'full', settings: { of: 'full' } })
})

test('a full update that meets a new value in a field it left null is told to retry', async () => {
  const id = await row({ password: 'a' })
  const result = await inTurn(id, { settings: { of: 'first' } }, { password: 'b', hidden: null })
  expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ENVELOPE_CHANGED' } })
  expect(await one.findOneByOrFail({ id })).toMatchObject({ password: 'a', settings: { of: 'first' } })
})

test('a rewrap between the reload and the statement of a save disturbs neither', async () => {
  const id = await row({ password: 'a', settings: { of: 'a' } })
  s.encrypted.provider.kms.rotate()
  const entity = await two.findOneByOrFail({ id })
  entity.password = 'b'
  const pause = {
    async beforeUpdate() {
      await rewrapAll(s.dataSource)
    },
  }
  second.subscribers.push(pause)
  await two.save(entity).finally(() => second.subscribers.splice(second.subscribers.indexOf(pause), 1))
  const { rows } = await s.database.client.query('SELECT encryption_metadata FROM credential WHERE id = $1', [id])
  expect(rows[0].encryption_metadata.wrap).toBe(2)
  expect(await one.findOneByOrFail({ id })).toMatchObject({ password: 'b', settings: { of: 'a' } })
})

async function rewrapAll(dataSource: DataSource): Promise<{ lost: number; rewrapped: number }> {
  const table = protectedTableOf(dataSource, Credential)
  const runner = dataSource.createQueryRunner()
  const totals = { lost: 0, rewrapped: 0 }
  try {
    for await (const rows of readEnvelopes(queryableOf(runner), table)) {
      const report = await rewrapRows(queryableOf(runner), table, rows, s.encrypted.cipher)
      expect(report.failures).toEqual([])
      totals.lost += report.lost
      totals.rewrapped += report.rewrapped
    }
  } finally {
    await runner.release()
  }
  return totals
}

test('updateEncrypted() by many at once loses no field', async () => {
  const id = await row({ password: '0' })
  const fields: Partial<Credential>[] = [
    { password: 'p' },
    { settings: { of: 's' } },
    { hidden: 'h' },
    { name: randomUUID() },
    { certificate: Buffer.from('c') },
  ]
  await Promise.all(fields.map((changes, index) => updateEncrypted(index % 2 ? one : two, id, changes as never)))
  const read = await one.createQueryBuilder('c').addSelect('c.hidden').where({ id }).getOneOrFail()
  expect(read).toMatchObject({ password: 'p', settings: { of: 's' }, hidden: 'h', name: fields[3]?.name })
  expect(Buffer.from(read.certificate as Uint8Array).toString()).toBe('c')
})

test('updateEncrypted() holds the row from before it is loaded', async () => {
  const id = await row({ password: 'a' })
  let free: unknown[] | undefined
  const witness = {
    async beforeUpdate() {
      const query = 'SELECT id FROM credential WHERE id = $1 FOR UPDATE SKIP LOCKED'
      free = (await s.database.client.query(query, [id])).rows
    },
  }
  second.subscribers.push(witness)
  await updateEncrypted(two, id, { password: 'b' }).finally(() => {
    second.subscribers.splice(second.subscribers.indexOf(witness), 1)
  })
  expect(free).toEqual([])
})

test('upsertEncrypted() by many at once makes one row', async () => {
  const name = randomUUID()
  const passwords = Array.from({ length: 8 }, (_, index) => `password ${index}`)
  await Promise.all(
    passwords.map((password, index) => upsertEncrypted(index % 2 ? one : two, { tenantId, name, password }, ['name'])),
  )
  const found = await one.findBy({ name })
  expect(found).toHaveLength(1)
  expect(passwords).toContain(found[0]?.password)
})

test('a rotation while others write leaves every row readable and every ciphertext where it was', async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => row({ password: `p${n}`, settings: { n } })))
  s.encrypted.provider.kms.rotate()
  const untouched = ids.slice(20)
  const ciphertexts = () =>
    s.database.client.query('SELECT id, password, settings FROM credential WHERE id = ANY($1) ORDER BY id', [untouched])
  const before = (await ciphertexts()).rows
  const writing = Promise.all(
    ids.slice(0, 20).map(async (id, n) => {
      const entity = await two.findOneByOrFail({ id })
      entity.password = `new ${n}`
      await two.save(entity)
    }),
  )
  const totals = await rewrapAll(s.dataSource)
  await writing
  expect(totals.rewrapped).toBeGreaterThan(0)
  expect((await ciphertexts()).rows).toEqual(before)
  for (const [n, id] of ids.entries()) {
    expect(await two.findOneByOrFail({ id })).toMatchObject({
      password: n < 20 ? `new ${n}` : `p${n}`,
      settings: { n },
    })
  }
  expect(await rewrapAll(s.dataSource)).toEqual({ lost: 0, rewrapped: 0 })
})

const change = fc.constantFrom<Partial<Credential>>(
  { password: 'x' },
  { settings: { of: 'y' } },
  { password: null },
  { settings: null },
  { password: 'z', settings: { of: 'z' }, hidden: null },
  { password: null, settings: null, hidden: null },
  { hidden: 'w' },
)

test('random saves by two writers end readable, and what fails says that a retry helps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), change), { minLength: 2, maxLength: 8 }), async (steps) => {
      const id = await row({ password: 'a', settings: { of: 'a' } })
      // All of them load first, so that every one but the first is stale.
      const loaded = await Promise.all(
        steps.map(async ([byOne, changes]) => {
          const repository = byOne ? one : two
          return { repository, entity: Object.assign(await repository.findOneByOrFail({ id }), changes) }
        }),
      )
      for (const result of await Promise.allSettled(loaded.map(({ repository, entity }) => repository.save(entity)))) {
        if (result.status === 'rejected')
          expect(result.reason).toMatchObject({ code: 'ERR_ENVELOPE_CHANGED', retryable: true })
      }
      const read = await one.createQueryBuilder('c').addSelect('c.hidden').where({ id }).getOneOrFail()
      expect(['a', 'x', 'z', null]).toContain(read.password)
    }),
    { numRuns: 60 },
  )
})
