const assert = require('node:assert/strict')
const { randomUUID } = require('node:crypto')
const { after, before, test } = require('node:test')
const { connectCipher } = require('waxseal/config')
const { readEnvelopes, rewrapRows } = require('waxseal/postgres')
const { generateLocalKey } = require('waxseal/providers/local')
const { EncryptedValue, protectedTableOf, queryableOf, updateEncrypted } = require('waxseal/typeorm')
const { Credential } = require('../src/credential')
const { dataSource } = require('../src/data-source')

const repository = dataSource.getRepository(Credential)

/** @param {string} id */
async function stored(id) {
  const [row] = await dataSource.query('SELECT * FROM credential WHERE id = $1', [id])
  return row
}

async function addExample() {
  const recoveryCodes = EncryptedValue.of(['example code 1', 'example code 2'])
  const example = { tenantId: randomUUID(), name: 'shop', password: 'example password', recoveryCodes }
  return (await repository.save(example)).id
}

before(async () => {
  await dataSource.initialize()
  await dataSource.query('TRUNCATE credential')
})

after(() => dataSource.destroy())

test('a credential is stored encrypted and read as it was', async () => {
  const id = await addExample()
  assert.ok(!JSON.stringify(await stored(id)).includes('example'))

  const { password, recoveryCodes } = await repository.findOneByOrFail({ id })
  assert.equal(password, 'example password')
  assert.deepEqual(await recoveryCodes?.decrypt(), ['example code 1', 'example code 2'])
})

test('changed fields are encrypted again, the others are not touched', async () => {
  const id = await addExample()
  const before = await stored(id)

  await repository.save({ ...(await repository.findOneByOrFail({ id })), password: 'saved example' })
  assert.equal((await repository.findOneByOrFail({ id })).password, 'saved example')
  await updateEncrypted(repository, id, { password: 'another example' })
  assert.equal((await repository.findOneByOrFail({ id })).password, 'another example')

  assert.deepEqual({ ...(await stored(id)), password: before.password }, before)
})

test('what would store plaintext is refused, by the library or by the database', async () => {
  const id = await addExample()
  const refused = { code: 'ERR_PLAINTEXT_REFUSED' }
  await assert.rejects(repository.update(id, { password: 'plaintext' }), refused)
  await assert.rejects(repository.findBy({ password: 'example password' }), refused)
  await assert.rejects(dataSource.query('UPDATE credential SET password = $1', ['plaintext']), /\(WX001\)/)
  assert.equal((await repository.findOneByOrFail({ id })).password, 'example password')
})

test('after a rotation the old key is not needed any more, and no ciphertext has changed', async () => {
  const id = await addExample()
  const before = await stored(id)
  const [first, second] = [process.env.WAXSEAL_LOCAL_KEYS, `2:${generateLocalKey()}`]

  process.env.WAXSEAL_LOCAL_KEYS = `${first},${second}`
  process.env.WAXSEAL_LOCAL_CURRENT_KEY = '2'
  const cipher = await connectCipher()
  const runner = dataSource.createQueryRunner()
  const [client, table] = [queryableOf(runner), protectedTableOf(dataSource, Credential)]
  for await (const rows of readEnvelopes(client, table)) {
    const { rewrapped, failures } = await rewrapRows(client, table, rows, cipher)
    assert.deepEqual([rewrapped, failures], [rows.length, []])
  }
  await runner.release()

  // As a new deployment with the new key alone.
  await dataSource.destroy()
  process.env.WAXSEAL_LOCAL_KEYS = second
  await dataSource.initialize()
  const after = await stored(id)
  assert.notDeepEqual(after.encryption_metadata, before.encryption_metadata)
  assert.deepEqual({ ...after, encryption_metadata: before.encryption_metadata }, before)
  assert.equal((await repository.findOneByOrFail({ id })).password, 'example password')
})
