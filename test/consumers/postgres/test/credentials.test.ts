import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { EnvelopeCipher } from 'waxseal'
import { assertGuard, readEnvelopes, rewrapRows } from 'waxseal/postgres'
import { generateLocalKey, LocalProvider } from 'waxseal/providers/local'
import { Credentials } from '../src/credentials.js'
import { createTable, credentialTable } from '../src/table.js'

const [first, second] = [`1:${generateLocalKey()}`, `2:${generateLocalKey()}`]
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const credentials = new Credentials(pool, cipherOf(first, 1))
const example = () => ({
  tenantId: randomUUID(),
  password: 'example password',
  oauth: { accessToken: 'example access token', refreshToken: 'example refresh token' },
})

function cipherOf(keys: string, currentKey: number): EnvelopeCipher {
  return new EnvelopeCipher({ provider: new LocalProvider({ keys, currentKey }) })
}

async function stored(id: string): Promise<Record<string, unknown>> {
  return (await pool.query('SELECT * FROM credential WHERE id = $1', [id])).rows[0]
}

before(async () => {
  await pool.query('DROP TABLE IF EXISTS credential')
  await createTable(pool)
  await assertGuard(pool, credentialTable)
})

after(() => pool.end())

test('a credential is stored encrypted and read as it was', async () => {
  const credential = example()
  const id = await credentials.add(credential)
  assert.ok(!JSON.stringify(await stored(id)).includes('example'))
  assert.deepEqual(await credentials.get(id), credential)
})

test('a changed password is encrypted again, the other field is not touched', async () => {
  const credential = example()
  const id = await credentials.add(credential)
  const before = await stored(id)
  await credentials.changePassword(id, 'another example')
  const after = await stored(id)
  assert.deepEqual({ ...after, password: before.password }, before)
  assert.deepEqual(await credentials.get(id), { ...credential, password: 'another example' })
})

test('the database refuses plaintext, and a row with the ciphertexts of another does not open', async () => {
  const [a, b] = [await credentials.add(example()), await credentials.add(example())]
  await assert.rejects(pool.query('UPDATE credential SET password = $1 WHERE id = $2', ['plaintext', a]), {
    code: 'WX001',
  })

  const { password, oauth, encryption_metadata: metadata } = await stored(a)
  await pool.query('DELETE FROM credential WHERE id = $1', [a])
  const swap = 'UPDATE credential SET password = $1, oauth = $2, encryption_metadata = $3 WHERE id = $4'
  await pool.query(swap, [password, oauth, metadata, b])
  await assert.rejects(credentials.get(b), { code: 'ERR_DECRYPTION_FAILED' })
  await pool.query('DELETE FROM credential WHERE id = $1', [b])
})

test('after a rotation the old key is not needed any more, and no ciphertext has changed', async () => {
  const credential = example()
  const id = await credentials.add(credential)
  const before = await stored(id)

  const rotating = cipherOf(`${first},${second}`, 2)
  for await (const rows of readEnvelopes(pool, credentialTable)) {
    const { rewrapped, failures } = await rewrapRows(pool, credentialTable, rows, rotating)
    assert.deepEqual([rewrapped, failures], [rows.length, []])
  }

  const after = await stored(id)
  assert.notDeepEqual(after.encryption_metadata, before.encryption_metadata)
  assert.deepEqual({ ...after, encryption_metadata: before.encryption_metadata }, before)
  assert.deepEqual(await new Credentials(pool, cipherOf(second, 2)).get(id), credential)
})
