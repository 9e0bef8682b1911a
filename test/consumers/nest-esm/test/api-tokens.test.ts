import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { INestApplicationContext } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { DataSource } from 'typeorm'
import { connectCipher } from 'waxseal/config'
import { generateLocalKey } from 'waxseal/providers/local'
import { ApiToken } from '../src/api-token.entity.js'
import { ApiTokens } from '../src/api-tokens.service.js'
import { AppModule } from '../src/app.module.js'
import { KeyRotation } from '../src/key-rotation.service.js'
import { runAsTenant } from '../src/tenant.js'

let app: INestApplicationContext
let tokens: ApiTokens
let dataSource: DataSource

async function start(): Promise<void> {
  app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'], abortOnError: false })
  tokens = app.get(ApiTokens)
  dataSource = app.get(DataSource)
}

/** As a new deployment with these keys. */
async function restart(keys: string, currentKey: number): Promise<void> {
  await app.close()
  process.env.WAXSEAL_LOCAL_KEYS = keys
  process.env.WAXSEAL_LOCAL_CURRENT_KEY = String(currentKey)
  await start()
}

async function stored(id: string): Promise<{ token: string; certificate: Buffer; encryption_metadata: unknown }> {
  const [row] = await dataSource.query('SELECT token, certificate, encryption_metadata FROM api_token WHERE id = $1', [
    id,
  ])
  return row
}

before(async () => {
  await start()
  await dataSource.query('TRUNCATE api_token')
})

after(() => app?.close())

test('a token is stored encrypted and read as it was', async () => {
  const [tenantId, certificate] = [randomUUID(), randomBytes(32)]
  const id = await tokens.put({ tenantId, service: 'mail', token: 'example token', certificate })

  const row = await stored(id)
  assert.match(row.token, /^ws1:/)
  assert.ok(!row.certificate.includes(certificate))

  assert.equal(await tokens.tokenOf(id), 'example token')
  assert.deepEqual(Buffer.from((await tokens.certificateOf(id))!), certificate)
})

test('a second token for the same service takes the place of the first', async () => {
  const tenantId = randomUUID()
  const first = await tokens.put({ tenantId, service: 'mail', token: 'example token' })
  const second = await tokens.put({ tenantId, service: 'mail', token: 'another example' })

  assert.equal(second, first)
  assert.equal(await tokens.tokenOf(first), 'another example')
  assert.deepEqual(await tokens.servicesOf(tenantId), ['mail'])
})

test('a request of another tenant is refused', async () => {
  const [mine, theirs] = [randomUUID(), randomUUID()]
  const id = await tokens.put({ tenantId: mine, service: 'mail', token: 'example token' })

  assert.equal(await runAsTenant(mine, () => tokens.tokenOf(id)), 'example token')
  await assert.rejects(
    runAsTenant(theirs, () => tokens.tokenOf(id)),
    { code: 'ERR_DECRYPTION_FAILED' },
  )
})

test('what would store plaintext is refused, by the library or by the database', async () => {
  const key = { tenantId: randomUUID(), service: 'mail' }
  const id = await tokens.put({ ...key, token: 'example token' })
  const repository = dataSource.getRepository(ApiToken)

  const refused = { code: 'ERR_PLAINTEXT_REFUSED' }
  const plaintext = 'plaintext' as never
  await assert.rejects(repository.update(id, { token: plaintext }), refused)
  await assert.rejects(repository.upsert({ ...key, token: plaintext }, ['tenantId', 'service']), refused)
  await assert.rejects(dataSource.query('UPDATE api_token SET token = $1', [plaintext]), /\(WX001\)/)

  assert.equal(await tokens.tokenOf(id), 'example token')
})

test('after a rotation the old key is not needed any more, and no ciphertext has changed', async () => {
  const id = await tokens.put({ tenantId: randomUUID(), service: 'mail', token: 'example token' })
  const before = await stored(id)
  const [first, second] = [process.env.WAXSEAL_LOCAL_KEYS, `2:${generateLocalKey()}`]

  await restart(`${first},${second}`, 2)
  for await (const { current, lost, failures } of app.get(KeyRotation).run(await connectCipher())) {
    assert.deepEqual({ current, lost, failures }, { current: 0, lost: 0, failures: [] })
  }
  await restart(second, 2)

  const after = await stored(id)
  assert.notDeepEqual(after.encryption_metadata, before.encryption_metadata)
  assert.deepEqual({ ...after, encryption_metadata: before.encryption_metadata }, before)
  assert.equal(await tokens.tokenOf(id), 'example token')
})
