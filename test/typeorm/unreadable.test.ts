import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { FindOptionsSelect, Repository } from 'typeorm'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import { EncryptedValue, type EncryptionOptions } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { Key, READ_ENTITIES, Shop } from './read-entities.js'
import { withoutGuard } from './stored-rows.js'

let database: FreshDatabase
let encrypted: EncryptedDataSource
let shops: Repository<Shop>
let mine: Shop
let other: Shop
/** Whether a test has started a DataSource of its own. */
let isOther = false

beforeAll(async () => {
  database = await freshDatabase()
  await open()
})

beforeEach(async () => {
  if (isOther) await reopen({})
  isOther = false
  const shop = (n: number) => ({
    tenantId: randomUUID(),
    apiKey: `key ${n}`,
    token: `token ${n}`,
    hidden: `hidden ${n}`,
  })
  ;[mine, other] = (await shops.save([shops.create(shop(1)), shops.create(shop(2))])) as [Shop, Shop]
  encrypted.cipher.forgetAll()
  encrypted.ledger.clear()
})

afterEach(() => database.client.query('TRUNCATE shop, key CASCADE'))

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

async function open(encryption: Partial<EncryptionOptions> = {}, provider = new FaultyProvider()): Promise<void> {
  encrypted = await encryptedDataSource(database, READ_ENTITIES, { encryption, provider })
  shops = encrypted.dataSource.getRepository(Shop)
}

/** Starts again with other options, an empty cache and the same KMS. */
async function reopen(encryption: Partial<EncryptionOptions>): Promise<void> {
  isOther = true
  await encrypted.dataSource.destroy()
  await open(encryption, encrypted.provider)
}

const sql = (text: string, ...values: unknown[]) =>
  withoutGuard(database, 'shop', () => database.client.query(text, values))

describe('what a field needs to be opened', () => {
  const selects: readonly [missing: string, select: FindOptionsSelect<Shop>][] = [
    ['encryptionMetadata', { id: true, tenantId: true, apiKey: true }],
    ['tenantId', { id: true, encryptionMetadata: true, apiKey: true }],
    ['id', { tenantId: true, encryptionMetadata: true, apiKey: true }],
    ['encryptionMetadata, id, tenantId', { apiKey: true }],
  ]
  for (const [missing, select] of selects) {
    test(`a select without ${missing} fails and names that`, async () => {
      await expect(shops.find({ select, loadEagerRelations: false })).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining(`loaded without ${missing}; add that to the select`),
      })
    })

    test(`of a lazy field, a select without ${missing} fails at decrypt()`, async () => {
      const { apiKey: _, ...columns } = select
      const [shop] = await shops.find({ select: { ...columns, token: true }, loadEagerRelations: false })
      await expect((shop!.token as EncryptedValue).decrypt()).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining(`loaded without ${missing}; add that to the select`),
      })
    })
  }

  test('a lazy field opens as it was loaded, whatever the entity was changed to since', async () => {
    const shop = await shops.findOneByOrFail({ id: mine.id })
    shop.tenantId = randomUUID()
    await expect((shop.token as EncryptedValue).decrypt()).resolves.toBe('token 1')
  })
})

describe('what was written elsewhere does not open here', () => {
  /** Reads the row of `mine`, each field by itself. */
  async function expectUnreadable(
    code: string,
    fields: readonly ('apiKey' | 'token')[] = ['apiKey', 'token'],
  ): Promise<void> {
    encrypted.cipher.forgetAll()
    const select = { id: true, tenantId: true, encryptionMetadata: true }
    const find = (field: 'apiKey' | 'token') =>
      shops.findOneOrFail({ where: { id: mine.id }, select: { ...select, [field]: true }, loadEagerRelations: false })
    if (fields.includes('apiKey')) await expect(find('apiKey')).rejects.toMatchObject({ code })
    if (fields.includes('token')) {
      const { token } = await find('token')
      await expect((token as EncryptedValue).decrypt()).rejects.toMatchObject({ code })
    }
  }

  test('fields and envelope of another row', async () => {
    const { rows } = await database.client.query(
      `SELECT indexrelid::regclass AS name FROM pg_index WHERE indrelid = 'shop'::regclass AND indexprs IS NOT NULL`,
    )
    for (const { name } of rows) await sql(`DROP INDEX ${name}`)
    // The next start installs it again.
    isOther = true
    await sql(
      `UPDATE shop SET ("apiKey", token, encryption_metadata) = (SELECT "apiKey", token, encryption_metadata FROM shop WHERE id = $2) WHERE id = $1`,
      mine.id,
      other.id,
    )
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('fields of another row, beside the own envelope', async () => {
    await sql(
      'UPDATE shop SET ("apiKey", token) = (SELECT "apiKey", token FROM shop WHERE id = $2) WHERE id = $1',
      mine.id,
      other.id,
    )
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('two fields of one row exchanged', async () => {
    await sql('UPDATE shop SET "apiKey" = token, token = "apiKey" WHERE id = $1', mine.id)
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('the row given to another tenant', async () => {
    await sql('UPDATE shop SET "tenantId" = $2 WHERE id = $1', mine.id, other.tenantId)
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('the row under another primary key', async () => {
    const id = randomUUID()
    await sql('UPDATE shop SET id = $2 WHERE id = $1', mine.id, id)
    mine.id = id
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('a field of another table', async () => {
    const key = await encrypted.dataSource.getRepository(Key).save({ position: 1, value: 'of another table' })
    await sql(
      `UPDATE shop SET ("apiKey", token, encryption_metadata) = (SELECT value, value, encryption_metadata FROM key WHERE id = $2) WHERE id = $1`,
      mine.id,
      key.id,
    )
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('an altered ciphertext', async () => {
    await sql(
      `UPDATE shop SET "apiKey" = overlay("apiKey" placing 'AAAA' from 60), token = overlay(token placing 'AAAA' from 60)`,
    )
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('an altered wrapped data key', async () => {
    await sql(
      `UPDATE shop SET encryption_metadata = jsonb_set(encryption_metadata, '{wraps,0,dataKey}',
         to_jsonb(overlay(encryption_metadata #>> '{wraps,0,dataKey}' placing 'AAAA' from 20)))`,
    )
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  test('another commitment', async () => {
    await sql(
      `UPDATE shop SET encryption_metadata = jsonb_set(encryption_metadata, '{commitment}',
         (SELECT encryption_metadata -> 'commitment' FROM shop WHERE id = $2)) WHERE id = $1`,
      mine.id,
      other.id,
    )
    await expectUnreadable('ERR_DECRYPTION_FAILED')
  })

  const malformed: readonly [what: string, set: string, code: string][] = [
    ['a truncated ciphertext', `"apiKey" = left("apiKey", -4), token = left(token, -3)`, 'ERR_DECRYPTION_FAILED'],
    ['no more than a commitment', `"apiKey" = left("apiKey", 48), token = left(token, 48)`, 'ERR_INVALID_ENVELOPE'],
    ['an uncanonical ciphertext', `"apiKey" = "apiKey" || '=', token = token || '='`, 'ERR_INVALID_ENVELOPE'],
    [
      'another format',
      `"apiKey" = 'ws2' || substr("apiKey", 4), token = 'ws2' || substr(token, 4)`,
      'ERR_INVALID_ENVELOPE',
    ],
    ['plaintext beside an envelope', `"apiKey" = 'legacy', token = 'legacy'`, 'ERR_INVALID_ENVELOPE'],
    ['an empty string beside an envelope', `"apiKey" = '', token = ''`, 'ERR_INVALID_ENVELOPE'],
    [
      'plaintext without an envelope',
      `"apiKey" = 'legacy', token = 'legacy', encryption_metadata = '{}'`,
      'ERR_INVALID_ENVELOPE',
    ],
    ['ciphertext without an envelope', `encryption_metadata = '{}'`, 'ERR_INVALID_ENVELOPE'],
    [
      'metadata of another format',
      `encryption_metadata = jsonb_set(encryption_metadata, '{format}', '2')`,
      'ERR_INVALID_ENVELOPE',
    ],
    [
      'metadata with a further member',
      `encryption_metadata = encryption_metadata || '{"note": 1}'`,
      'ERR_INVALID_ENVELOPE',
    ],
    ['metadata that is no object', `encryption_metadata = '[1]'`, 'ERR_INVALID_ENVELOPE'],
    ['metadata that is a JSON null', `encryption_metadata = 'null'`, 'ERR_INVALID_ENVELOPE'],
    ['metadata that is a JSON string', `encryption_metadata = '"{}"'`, 'ERR_INVALID_ENVELOPE'],
    [
      'an envelope of a KEK that is not on the list',
      `encryption_metadata = jsonb_set(encryption_metadata, '{wraps,0,kek,provider}', '"stranger"')`,
      'ERR_KEK_NOT_ACCEPTED',
    ],
    [
      'an envelope of another KEK of the provider',
      `encryption_metadata = jsonb_set(encryption_metadata, '{wraps,0,kek,id}', '"stranger"')`,
      'ERR_KEK_NOT_ACCEPTED',
    ],
  ]
  for (const [what, set, code] of malformed) {
    test(what, async () => {
      await sql(`UPDATE shop SET ${set}`)
      await expectUnreadable(code)
    })
  }

  test('an error says nothing of what was found', async () => {
    await sql(`UPDATE shop SET "apiKey" = 'legacy-canary'`)
    const error = await shops.find().catch((thrown: unknown) => thrown)
    expect(String(error) + JSON.stringify(error)).not.toContain('legacy-canary')
  })
})

describe('one bad row in a find()', () => {
  beforeEach(() => sql('UPDATE shop SET "apiKey" = token WHERE id = $1', mine.id))

  test('fails it by default', async () => {
    await expect(shops.find()).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  })

  test('keeps its EncryptedValue with onUnreadable: leave, and the others are decrypted', async () => {
    await reopen({ onUnreadable: 'leave' })
    const found = await shops.find()
    const [bad, good] = [mine, other].map(({ id }) => found.find((shop) => shop.id === id)!)
    expect(good!.apiKey).toBe('key 2')
    expect(bad!.apiKey).toBeInstanceOf(EncryptedValue)
    await expect((bad!.apiKey as unknown as EncryptedValue).decrypt()).rejects.toMatchObject({
      code: 'ERR_DECRYPTION_FAILED',
    })
    await expect((bad!.token as EncryptedValue).decrypt()).resolves.toBe('token 1')
  })

  test('with onUnreadable: leave, what is found before any KMS is asked is left too', async () => {
    await reopen({ onUnreadable: 'leave' })
    await sql(`UPDATE shop SET encryption_metadata = '[]' WHERE id = $1`, mine.id)
    const shop = await shops.findOneByOrFail({ id: mine.id })
    await expect((shop.apiKey as unknown as EncryptedValue).decrypt()).rejects.toMatchObject({
      code: 'ERR_INVALID_ENVELOPE',
    })
  })

  test('with onUnreadable: leave, a KMS that is down leaves every row', async () => {
    await reopen({ onUnreadable: 'leave' })
    encrypted.provider.kms.disable('1')
    const found = await shops.find()
    expect(found.every(({ apiKey }) => (apiKey as unknown) instanceof EncryptedValue)).toBe(true)
    encrypted.provider.kms.enable('1')
    const good = found.find(({ id }) => id === other.id)!
    await expect((good.apiKey as unknown as EncryptedValue).decrypt()).resolves.toBe('key 2')
  })
})

describe('expectedContext', () => {
  beforeEach(() => reopen({ expectedContext: () => ({ tenant: mine.tenantId }) }))

  test("opens the tenant's own rows", async () => {
    expect((await shops.findOneByOrFail({ id: mine.id })).apiKey).toBe('key 1')
  })

  test("refuses another tenant's row before any call to the KMS", async () => {
    await expect(shops.findOneByOrFail({ id: other.id })).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
    const lazy = await shops.findOneOrFail({
      where: { id: other.id },
      select: { id: true, tenantId: true, token: true, encryptionMetadata: true },
      loadEagerRelations: false,
    })
    await expect((lazy.token as EncryptedValue).decrypt()).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
    expect(encrypted.ledger.entries).toEqual([])
  })

  test("refuses another tenant's row when its data key is cached too", async () => {
    let tenant = other.tenantId
    await reopen({ expectedContext: () => ({ tenant }) })
    await shops.findOneByOrFail({ id: other.id })
    tenant = mine.tenantId
    await expect(shops.findOneByOrFail({ id: other.id })).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  })

  test('refuses to write a row for another tenant', async () => {
    const shop = shops.create({ tenantId: other.tenantId, apiKey: 'x' })
    await expect(shops.save(shop)).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
    expect(encrypted.ledger.entries).toEqual([])
    expect(shop.apiKey).toBe('x')
  })

  test('is asked for at each operation, and undefined expects nothing', async () => {
    let expected: Record<string, string> | undefined
    await reopen({ expectedContext: () => expected })
    expect(await shops.find()).toHaveLength(2)
    expected = { tenant: mine.tenantId }
    await expect(shops.find()).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  })

  test('with a pair that no entity declares is an error, which names those that are declared', async () => {
    await reopen({ expectedContext: () => ({ tennant: mine.tenantId }) })
    await expect(shops.find()).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('no entity declares the context "tennant"; declared are tenant'),
    })
  })

  test('says nothing about rows of an entity that does not declare the pair', async () => {
    const keys = encrypted.dataSource.getRepository(Key)
    const { id } = await keys.save({ position: 1, value: 'without a tenant' })
    expect((await keys.findOneByOrFail({ id })).value).toBe('without a tenant')
  })
})
