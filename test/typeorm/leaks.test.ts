import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { expect, jest, test } from '@jest/globals'
import { FileLogger, type Logger } from 'typeorm'
import type { EncryptedValue } from '../../src/typeorm/index.js'
import { RefusedParameter } from '../../src/typeorm/refused-parameter.js'
import { expectNoTrace, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from './data-source.js'
import { Credential, Token } from './entities.js'
import { failureOf, printed } from './refusal.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token], { typeorm: { cache: { duration: 60_000 } } })
const tenantId = randomUUID()
const credentials = () => s.dataSource.getRepository(Credential)

/** All ways in which a program, a logger or a debugger makes text of a value. */
const PRINTERS: Record<string, (value: unknown) => string | undefined> = {
  'JSON.stringify': (value) => JSON.stringify({ value }),
  inspect: (value) => inspect(value),
  'inspect, everything': (value) =>
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, showProxy: true, getters: true }),
  'inspect without custom ones': (value) => inspect(value, { customInspect: false, showHidden: true, depth: null }),
  'a structured clone': (value) => inspect(clone(value), { showHidden: true, depth: null }),
  'a serialisation': (value) => inspect(copy(value), { showHidden: true, depth: null }),
  'a spread': (value) => inspect({ ...(value as object) }, { depth: null }),
  'own properties': (value) =>
    Reflect.ownKeys(value as object)
      .map((key) => `${String(key)}=${attempt(() => String((value as Record<PropertyKey, unknown>)[key]))}`)
      .join(),
  'a template': (value) => attempt(() => `${value}`),
  'String()': (value) => attempt(() => String(value)),
  concatenation: (value) => attempt(() => `x${value as string}`),
  'valueOf()': (value) => attempt(() => String((value as object).valueOf())),
  'Number()': (value) => attempt(() => String(Number(value))),
  'a tag': (value) => Object.prototype.toString.call(value),
}

function attempt(print: () => string): string {
  try {
    return print()
  } catch (error) {
    return printed(error)
  }
}

const clone = (value: unknown) => attemptValue(() => structuredClone(value))
const copy = (value: unknown) => attemptValue(() => deserialize(serialize(value)))

function attemptValue(make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    return error
  }
}

/** The parameter that stood for `canary` in a statement that was refused. */
function refusedParameterOf(canary: string): RefusedParameter {
  const column = s.dataSource.getMetadata(Credential).findColumnWithPropertyName('password')
  const { transformer } = column as unknown as { transformer: { to(value: unknown): RefusedParameter } }
  return transformer.to(canary)
}

for (const [name, print] of Object.entries(PRINTERS)) {
  test(`${name} shows nothing of a refused parameter, a lazy field or a stored envelope`, async () => {
    const canary = newCanary()
    const saved = await credentials().save({ tenantId, oauth: { access: canary }, password: canary })
    const found = await credentials().findOneByOrFail({ id: saved.id })
    const withoutHooks = await credentials()
      .createQueryBuilder('c')
      .where({ id: saved.id })
      .callListeners(false)
      .getOne()
    const parameter = refusedParameterOf(canary)
    expect(parameter).toBeInstanceOf(RefusedParameter)
    const values = [parameter, [parameter], saved.oauth, found.oauth, withoutHooks, found.encryptionMetadata]
    for (const value of values) expect(print(value) ?? '').not.toMatch(new RegExp(`${canary}|ws1:`))
    expect(await (found.oauth as EncryptedValue).decrypt()).toEqual({ access: canary })
  })
}

test('a refused parameter does not become a string, and JSON and inspect give a constant', () => {
  const parameter = refusedParameterOf('plaintext')
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

test('a statement that fails for another reason carries ciphertexts and no plaintext in its error', async () => {
  const canary = newCanary()
  const name = randomUUID()
  await credentials().save({ tenantId, name })
  const failures = {
    'a unique violation': () => credentials().save({ tenantId, name, password: canary, oauth: { access: canary } }),
    'a unique violation by insert()': () => credentials().insert({ tenantId, name, password: canary }),
    'a value of another type': () => credentials().insert({ tenantId, password: canary, deletedAt: 'x' as never }),
    'a foreign key': () =>
      s.dataSource.manager.save(Token, { value: canary, credential: { id: randomUUID() } as Credential } as Token),
    'a missing value': () => s.dataSource.manager.save(Token, { id: randomUUID() } as Token),
  }
  for (const [what, run] of Object.entries(failures)) {
    const error = await failureOf(run)
    expect([what, error.name]).toEqual([what, 'QueryFailedError'])
    expect(printed(error)).not.toContain(canary)
  }
  expect(s.log.text).not.toContain(canary)
  await expectNoTrace(s.database.client, canary)
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

/** Everything that the process prints while `run` runs. */
async function printedDuring(run: () => Promise<void>): Promise<string> {
  const text: string[] = []
  const take = (...parts: unknown[]) => {
    text.push(
      ...parts.map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 20, showHidden: true }))),
    )
    return true
  }
  const spies = [
    ...(['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const).map((method) =>
      jest.spyOn(console, method).mockImplementation(take as never),
    ),
    jest.spyOn(process.stdout, 'write').mockImplementation(take as never),
    jest.spyOn(process.stderr, 'write').mockImplementation(take as never),
  ]
  try {
    await run()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return text.join('\n')
}

/** Writes and reads of every outcome: done, refused before the statement, refused by the guard, failed. */
async function session(logger: Logger | string, canary: string, inTheOpen: string): Promise<void> {
  const database = await freshDatabase()
  const { dataSource } = await encryptedDataSource(database, [Credential, Token], {
    typeorm: { logger, logging: 'all', maxQueryExecutionTime: 0.000_1 },
  })
  try {
    const repository = dataSource.getRepository(Credential)
    const saved = await repository.save({ tenantId, name: inTheOpen, password: canary, oauth: { access: canary } })
    await repository.save({ id: saved.id, password: `${canary} 2`, certificate: Buffer.from(canary) })
    await repository.find({ relations: { tokens: true } })
    for (const refused of [
      () => repository.update(saved.id, { password: canary }),
      () => repository.save({ id: saved.id, password: canary }, { listeners: false }),
      () => repository.upsert({ tenantId, name: inTheOpen, password: canary }, ['name']),
      () => repository.findBy({ password: canary }),
      () => repository.insert({ tenantId, name: inTheOpen, password: canary }),
      () => repository.save({ tenantId, settings: { canary, at: new Date() } as never }),
      () => dataSource.query(`update credential set password = 'in the open' where id = $1`, [saved.id]),
    ]) {
      console.error(await failureOf(refused))
    }
  } finally {
    await dataSource.destroy()
    await database.drop()
  }
}

for (const logger of ['advanced-console', 'simple-console', 'formatted-console', 'file'] as const) {
  test(`TypeORM's ${logger} logger and a console that prints every error show no plaintext`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'waxseal-log-'))
    try {
      const logPath = join(folder, 'orm.log')
      const [canary, inTheOpen] = [newCanary(), newCanary()]
      // TypeORM takes the path as one below the root of the application.
      const used = logger === 'file' ? new FileLogger('all', { logPath: relativeToRoot(logPath) }) : logger
      let text = await printedDuring(() => session(used, canary, inTheOpen))
      if (logger === 'file') text += readFileSync(logPath, 'utf8')
      expect(text).not.toContain(canary)
      expect(text).not.toContain(Buffer.from(canary).toString('hex'))
      expect(text).toContain(inTheOpen)
      expect(text).toContain('ERR_PLAINTEXT_REFUSED')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

const relativeToRoot = (path: string) => `${'../'.repeat(30)}${path.slice(1)}`
