import { randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Repository } from 'typeorm'
import { connectLocal } from '../../providers/local/index.js'
import { EnvelopeCipher } from '../../src/index.js'
import { EncryptedValue, updateEncrypted, upsertEncrypted } from '../../src/typeorm/index.js'
import { encryptedDataSource } from './data-source.js'
import { Credential, Token } from './entities.js'
import { expectRefused, failureOf } from './refusal.js'
import { newCanary, suite } from './suite.js'

/** Each is refused in a typed error or stored as it is, and nothing is lost by it. */
const s = suite([Credential, Token])
const MAX_FIELD_BYTES = 64 * 1024 * 1024

let credentials: Repository<Credential>
let stored: Credential

beforeEach(async () => {
  credentials = s.dataSource.getRepository(Credential)
  const { id } = await credentials.save(
    credentials.create({
      tenantId: randomUUID(),
      password: 'kept',
      settings: { kept: true },
      certificate: Buffer.from('kept'),
    }),
  )
  stored = await credentials.findOneByOrFail({ id })
})

async function expectKept(): Promise<void> {
  const found = await credentials.findOneByOrFail({ id: stored.id })
  expect(found).toMatchObject({ password: 'kept', settings: { kept: true } })
  expect(Buffer.from(found.certificate!).toString()).toBe('kept')
}

type Field = 'password' | 'settings' | 'certificate'

describe('a value that would not come back as it is', () => {
  class Session {
    user = 'x'
  }
  const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
  const circle: unknown[] = []
  circle.push(circle)

  const values: Record<Field, Record<string, unknown>> = {
    password: {
      'a lone surrogate': 'x\ud800y',
      'a number': 42,
      'a boolean': false,
      'a Date': new Date(0),
      'an object': { a: 1 },
      'a String object': Object('x'),
      bytes: Buffer.from('x'),
      'a bigint': 1n,
      'a symbol': Symbol('x'),
    },
    settings: {
      'a Date': new Date(0),
      'a Date within': { at: new Date(0) },
      NaN: { n: Number.NaN },
      Infinity: [Number.POSITIVE_INFINITY],
      '-0': { n: -0 },
      'an undefined member': { a: undefined },
      'a hole': new Array(2),
      'a class instance': new Session(),
      'a Map': new Map([['a', 1]]),
      'a bigint': { n: 1n },
      'a function within': { f: () => 1 },
      'a circle': circle,
      'a toJSON': { toJSON: () => ({ other: 1 }) },
      'more levels than can be compared': deep(100_000),
      bytes: Buffer.from('x'),
    },
    certificate: {
      'a string': 'x',
      'an array of numbers': [1, 2, 3],
      'an ArrayBuffer': new ArrayBuffer(3),
      'a DataView': new DataView(new ArrayBuffer(3)),
      'an object': {},
    },
  }
  for (const [field, bad] of Object.entries(values)) {
    for (const [what, value] of Object.entries(bad)) {
      test(`${field}: ${what} is refused, by every way of writing`, async () => {
        const writes: Record<string, () => Promise<unknown>> = {
          'save() of a new row': () => credentials.save({ tenantId: randomUUID(), [field]: value } as never),
          'insert()': () => credentials.insert({ tenantId: randomUUID(), [field]: value } as never),
          'save() of a loaded row': () => credentials.save(Object.assign(stored, { [field]: value })),
          'updateEncrypted()': () => updateEncrypted(credentials, stored.id, { [field]: value } as never),
          'upsertEncrypted()': () =>
            upsertEncrypted(credentials, { tenantId: randomUUID(), name: randomUUID(), [field]: value } as never, [
              'name',
            ]),
        }
        const before = await credentials.count()
        for (const [way, write] of Object.entries(writes)) {
          expect({ way, code: (await failureOf(write)).code }).toEqual({ way, code: 'ERR_PLAINTEXT_REFUSED' })
        }
        // What the caller gave stays in memory as it was.
        expect(stored[field as Field]).toBe(value)
        expect(await credentials.count()).toBe(before)
        await expectKept()
      })
    }
  }

  test('is named by its field and type, never by its content', async () => {
    const canary = newCanary()
    for (const [field, value] of [
      ['password', `${canary}\ud800`],
      ['settings', { [canary]: new Date(0) }],
      ['certificate', canary],
    ] as const) {
      const save = () => credentials.save({ tenantId: randomUUID(), [field]: value } as never)
      const error = await expectRefused(s, canary, save)
      expect(error.message).toMatch(new RegExp(`^field "credential\\.${field}": expected .*, found `))
    }
  })
})

describe('a value that is unusual', () => {
  const values: Record<Field, Record<string, unknown>> = {
    password: {
      'an empty string': '',
      'a space': ' ',
      'a NUL': 'a\0b',
      'a BOM': '\ufeffx',
      Unicode: 'Käse 🧀 \u0301',
      'what looks like a ciphertext': `ws1:${'A'.repeat(43)}:${'A'.repeat(40)}`,
      'the word null': 'null',
    },
    settings: {
      'an empty object': {},
      'an empty array': [],
      'an empty string': '',
      zero: 0,
      false: false,
      'null within': { a: null, b: [null] },
      'a lone surrogate, which JSON can escape': { a: '\ud800' },
      'an own member __proto__': JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
    },
    certificate: {
      'no bytes': Buffer.alloc(0),
      'all values': Uint8Array.from({ length: 256 }, (_, n) => n),
      'a part of a buffer': Buffer.from('abcdef').subarray(2, 4),
    },
  }
  for (const [field, unusual] of Object.entries(values)) {
    for (const [what, value] of Object.entries(unusual)) {
      test(`${field}: ${what} comes back as it is`, async () => {
        const { id } = await credentials.save(credentials.create({ tenantId: randomUUID(), [field]: value }))
        const read = (await credentials.findOneByOrFail({ id }))[field as Field]
        if (field === 'certificate') expect(Buffer.from(read as Uint8Array)).toEqual(Buffer.from(value as Uint8Array))
        else expect(read).toStrictEqual(value)
        if (what.includes('__proto__')) expect(Object.hasOwn(read as object, '__proto__')).toBe(true)
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
      })
    }
  }

  test('an empty string and null are told apart, in memory and in the table', async () => {
    const [empty, none] = await credentials.save([
      credentials.create({ tenantId: randomUUID(), password: '' }),
      credentials.create({ tenantId: randomUUID(), password: null }),
    ])
    const raw = await s.dataSource.query('SELECT id, password FROM credential WHERE id = ANY($1)', [
      [empty!.id, none!.id],
    ])
    const passwords = Object.fromEntries(raw.map((row: { id: string; password: string }) => [row.id, row.password]))
    expect(passwords[empty!.id]).toMatch(/^ws1:/)
    expect(passwords[none!.id]).toBeNull()
    expect((await credentials.findOneByOrFail({ id: empty!.id })).password).toBe('')
    expect((await credentials.findOneByOrFail({ id: none!.id })).password).toBeNull()
  })

  test('a lazy null is null, not an EncryptedValue', async () => {
    const { id } = await credentials.save(credentials.create({ tenantId: randomUUID(), oauth: null }))
    expect((await credentials.findOneByOrFail({ id })).oauth).toBeNull()
    const wrapped = credentials.create({ tenantId: randomUUID(), oauth: EncryptedValue.of(null) as never })
    const { id: other } = await credentials.save(wrapped)
    const { oauth } = await credentials.findOneByOrFail({ id: other })
    await expect((oauth as EncryptedValue).decrypt()).resolves.toBeNull()
  })
})

describe('size', () => {
  for (const [field, value] of [
    ['password', () => 'x'.repeat(MAX_FIELD_BYTES + 1)],
    ['password', () => 'ä'.repeat(MAX_FIELD_BYTES / 2 + 1)],
    ['settings', () => ['x'.repeat(MAX_FIELD_BYTES - 3)]],
    ['certificate', () => Buffer.alloc(MAX_FIELD_BYTES + 1)],
  ] as const) {
    test(`${field}: one byte above 64 MiB is refused, saying the bound and the size`, async () => {
      const error = await failureOf(() => credentials.save(Object.assign(stored, { [field]: value() })))
      expect(error).toMatchObject({
        code: 'ERR_PLAINTEXT_REFUSED',
        message: expect.stringMatching(/a value has at most 67108864 bytes, found 6710886[5-9]$/),
      })
      await expectKept()
    })
  }
})

describe('upper-case UUIDs', () => {
  const upper = () => randomUUID().toUpperCase()

  test('as primary key, context and foreign key are one with their lower-case spelling', async () => {
    const [id, tenantId, tokenId] = [upper(), upper(), upper()]
    await credentials.save(credentials.create({ id, tenantId, password: 'p' }))
    s.encrypted.cipher.forgetAll()
    for (const spelling of [id, id.toLowerCase()]) {
      expect(await credentials.findOneByOrFail({ id: spelling })).toMatchObject({ password: 'p' })
    }
    const tokens = s.dataSource.getRepository(Token)
    await tokens.save(tokens.create({ id: tokenId, value: 'v', credential: { id } }))
    const [found] = await tokens.find({ where: { credential: { id } }, relations: { credential: true } })
    expect(found).toMatchObject({ value: 'v', credential: { password: 'p' } })
  })

  test('find the row that updateEncrypted() changes', async () => {
    await updateEncrypted(credentials, stored.id.toUpperCase(), { password: 'changed' })
    expect((await credentials.findOneByOrFail({ id: stored.id })).password).toBe('changed')
  })

  test('given to updateEncrypted() as the same key move nothing', async () => {
    await updateEncrypted(credentials, stored.id, { id: stored.id.toUpperCase(), password: 'changed' })
    expect((await credentials.findOneByOrFail({ id: stored.id })).password).toBe('changed')
  })

  test('of a row that is loaded and saved again lose nothing', async () => {
    const loaded = await credentials.findOneByOrFail({ id: stored.id })
    await credentials.save(Object.assign(loaded, { tenantId: loaded.tenantId.toUpperCase(), password: 'changed' }))
    expect((await credentials.findOneByOrFail({ id: stored.id })).password).toBe('changed')
  })
})

describe('rows edited by hand', () => {
  const update = (set: string) => s.database.client.query(`UPDATE credential SET ${set} WHERE id = $1`, [stored.id])

  const edits: Record<string, readonly [set: string, code: string]> = {
    'metadata emptied': [`encryption_metadata = '{}'`, 'WX002'],
    'metadata with a member more': [`encryption_metadata = encryption_metadata || '{"a": 1}'`, 'WX004'],
    'metadata of another format': [`encryption_metadata = '{"format": 2}'`, 'WX002'],
    'metadata set to null': [`encryption_metadata = NULL`, '23502'],
    'a field of another format': [`password = 'ws2:' || substr(password, 5)`, 'WX001'],
    'a field in the open': [`password = 'p'`, 'WX001'],
    'another tenant': [`"tenantId" = gen_random_uuid()`, 'WX003'],
    'another key': ['id = gen_random_uuid()', 'WX003'],
  }
  for (const [what, [set, code]] of Object.entries(edits)) {
    test(`${what}: refused by the database (${code})`, async () => {
      await expect(update(set)).rejects.toMatchObject({ code })
      await expectKept()
    })
  }

  test('a row copied into another table does not open there', async () => {
    const id = randomUUID()
    await s.database.client.query(
      'INSERT INTO token (id, value, encryption_metadata) SELECT $2, password, encryption_metadata FROM credential WHERE id = $1',
      [stored.id, id],
    )
    await expect(s.dataSource.getRepository(Token).findOneByOrFail({ id })).rejects.toMatchObject({
      code: 'ERR_DECRYPTION_FAILED',
    })
    await s.database.client.query('DELETE FROM token WHERE id = $1', [id])
  })
})

describe('a table that does not fit the declaration', () => {
  const damages: Record<string, readonly [damage: string, repair: string, finding: RegExp]> = {
    'a length-limited column': [
      'ALTER TABLE credential ALTER password TYPE varchar(4096)',
      'ALTER TABLE credential ALTER password TYPE text',
      /column "password": expected text without a length and without a default, found character varying\(4096\)/,
    ],
    'a default on an encrypted column': [
      `ALTER TABLE credential ALTER password SET DEFAULT 'changeme'`,
      'ALTER TABLE credential ALTER password DROP DEFAULT',
      /column "password": expected text without a length and without a default, found text default 'changeme'/,
    ],
    'no metadata column': [
      'ALTER TABLE credential RENAME encryption_metadata TO was_metadata',
      'ALTER TABLE credential RENAME was_metadata TO encryption_metadata',
      /column "encryption_metadata": .*found no such column/,
    ],
    'a nullable context column': [
      'ALTER TABLE credential ALTER "tenantId" DROP NOT NULL',
      'ALTER TABLE credential ALTER "tenantId" SET NOT NULL',
      /column "tenantId": expected uuid not null/,
    ],
  }
  for (const [what, [damage, repair, finding]] of Object.entries(damages)) {
    test(`${what}: the first write is refused and says what is wrong`, async () => {
      const { client } = s.database
      // Postgres does not alter the type of a column that the guard reads.
      const triggers = await client.query(
        "SELECT tgname, pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = 'credential'::regclass AND NOT tgisinternal",
      )
      for (const { tgname } of triggers.rows) await client.query(`DROP TRIGGER ${tgname} ON credential`)
      await client.query(damage)
      const { dataSource } = await encryptedDataSource(s.database, [Credential, Token], {
        provider: s.encrypted.provider,
        encryption: { guard: 'require' },
        typeorm: { synchronize: false },
      })
      try {
        const repository = dataSource.getRepository(Credential)
        const error = await failureOf(() =>
          repository.save(repository.create({ tenantId: randomUUID(), password: 'p' })),
        )
        expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(finding) })
      } finally {
        await dataSource.destroy()
        await client.query(repair)
        for (const { tgname, definition } of triggers.rows) {
          await client.query(definition)
          await client.query(`ALTER TABLE credential ENABLE ALWAYS TRIGGER ${tgname}`)
        }
      }
      await expectKept()
    })
  }

  test('a column that is too short refuses the ciphertext as a whole, and memory keeps the plaintext', async () => {
    const { client } = s.database
    await client.query('CREATE TABLE short (LIKE credential INCLUDING ALL)')
    await client.query('ALTER TABLE short ALTER password TYPE varchar(60)')
    await client.query('ALTER TABLE credential RENAME TO whole')
    await client.query('ALTER TABLE short RENAME TO credential')
    try {
      const { dataSource } = await encryptedDataSource(s.database, [Credential, Token], {
        encryption: { guard: 'warn' },
        typeorm: { synchronize: false },
      })
      const repository = dataSource.getRepository(Credential)
      const credential = repository.create({ tenantId: randomUUID(), password: 'p' })
      const error = await failureOf(() => repository.save(credential))
      expect(error).toMatchObject({ driverError: { code: '22001' } })
      expect(credential.password).toBe('p')
      expect(await repository.count()).toBe(0)
      await dataSource.destroy()
    } finally {
      await client.query('DROP TABLE credential')
      await client.query('ALTER TABLE whole RENAME TO credential')
    }
    await expectKept()
  })
})

describe('a local key of the wrong length', () => {
  for (const bytes of [0, 16, 31, 33, 64]) {
    test(`${bytes} bytes: nothing starts`, async () => {
      const key = randomBytes(bytes).toString('base64url')
      const cipher = async () =>
        new EnvelopeCipher({ provider: await connectLocal({ keys: `1:${key}`, currentKey: 1 }) })
      const error = await failureOf(() =>
        encryptedDataSource(s.database, [Credential, Token], { encryption: { cipher } }),
      )
      expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(/^provider "local": /) })
      if (bytes > 0) expect(error.message).not.toContain(key)
    })
  }
})
