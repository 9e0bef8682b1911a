import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from '@jest/globals'
import { RefusedParameter } from '../../src/typeorm/refused-parameter.js'
import { expectNoTrace } from '../setup/database.js'
import { Credential, Token } from './entities.js'
import { failureOf, printed } from './refusal.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token], { typeorm: { cache: { duration: 60_000 } } })
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)

/** The parameter that stood for `canary` in a statement that was refused. */
function refusedParameterOf(canary: string): RefusedParameter {
  const column = s.dataSource.getMetadata(Credential).findColumnWithPropertyName('password')
  const { transformer } = column as unknown as { transformer: { to(value: unknown): RefusedParameter } }
  return transformer.to(canary)
}

test('a refused parameter does not become a string, and JSON and inspect give a constant', () => {
  const parameter = refusedParameterOf('plaintext')
  expect(parameter).toBeInstanceOf(RefusedParameter)
  for (const convert of [
    () => `${parameter}`,
    () => String(parameter),
    () => parameter.toString(),
    () => parameter.valueOf(),
    () => [parameter].join(),
    () => parameter.toPostgres(),
    () => (parameter as unknown as number) > 1,
  ]) {
    expect(convert).toThrow(expect.objectContaining({ code: 'ERR_PLAINTEXT_REFUSED' }))
  }
  expect([JSON.stringify(parameter), inspect(parameter)]).toEqual(['"[refused]"', '[refused]'])
})

test('an error of the KMS or of a decryption says nothing of the row', async () => {
  const canary = newCanary()
  const saved = await credentials().save({ tenantId, password: canary, oauth: { access: canary } })
  await s.database.client.query(
    `update credential set encryption_metadata = jsonb_set(jsonb_set(encryption_metadata,
       '{wraps,0,dataKey}', '"AAAA"'), '{wrap}', '2') where id = $1`,
    [saved.id],
  )
  s.encrypted.cipher.forgetAll()
  const error = await failureOf(() => credentials().findOneByOrFail({ id: saved.id }))
  expect(error).toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  expect(printed(error)).not.toMatch(new RegExp(`${canary}|${tenantId}|${saved.id}|AAAA`))
})

test('the query cache holds ciphertexts and no plaintext, missed and hit', async () => {
  const canary = newCanary()
  const { id } = await credentials().save({
    tenantId,
    password: canary,
    settings: { a: canary },
    oauth: { access: canary },
  })
  const read = () => credentials().findOne({ where: { id }, relations: { tokens: true }, cache: true })
  for (const pass of ['miss', 'hit']) {
    const before = s.log.text.length
    expect((await read())?.password).toBe(canary)
    const asked = s.log.text.slice(before)
    expect([pass, /INSERT INTO \\"query-result-cache/.test(asked)]).toEqual([pass, pass === 'miss'])
  }
  const { rows } = await s.database.client.query('select query, result from "query-result-cache"')
  expect(rows.some(({ result }) => result.includes('ws1:'))).toBe(true)
  for (const condition of [{ password: canary }, { settings: { a: canary } }]) {
    const find = () => credentials().find({ where: condition as never, cache: true })
    expect(await failureOf(find)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  }
  for (const cache of [true, 1_000]) {
    const query = credentials().createQueryBuilder('c').where('c.password = :canary', { canary }).cache(cache)
    expect(await failureOf(() => query.getMany())).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  }
  const named = credentials().createQueryBuilder('c').where('c.password = :canary', { canary }).cache('named', 1_000)
  expect(await failureOf(() => named.getMany())).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  await expectNoTrace(s.database.client, canary)
})
