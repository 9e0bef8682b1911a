import { randomUUID } from 'node:crypto'
import type { INestApplicationContext } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { DataSource } from 'typeorm'
import { connectCipher } from 'waxseal/config'
import { generateLocalKey } from 'waxseal/providers/local'
import { AppModule } from '../src/app.module'
import { Credential } from '../src/credential.entity'
import { CredentialsService } from '../src/credentials.service'
import { rotate } from '../src/rotate'

const tenantId = randomUUID()
const tokens = { accessToken: 'example access token', refreshToken: 'example refresh token' }

let app: INestApplicationContext
let credentials: CredentialsService
let dataSource: DataSource

async function start(): Promise<void> {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile()
  app = await module.init()
  credentials = app.get(CredentialsService)
  dataSource = app.get(DataSource)
}

/** As a new deployment with these keys. */
async function restart(keys: string, currentKey: number): Promise<void> {
  await app.close()
  process.env.WAXSEAL_LOCAL_KEYS = keys
  process.env.WAXSEAL_LOCAL_CURRENT_KEY = String(currentKey)
  await start()
}

async function stored(id: string): Promise<Record<string, unknown>> {
  const [row] = await dataSource.query('SELECT * FROM credential WHERE id = $1', [id])
  return row
}

beforeAll(async () => {
  await start()
  await dataSource.query('TRUNCATE credential')
})

afterAll(() => app?.close())

test('a credential is stored encrypted and read as it was', async () => {
  const id = await credentials.add({ tenantId, name: 'shop', password: 'example password', oauth: tokens })

  const row = await stored(id)
  expect(row.password).toMatch(/^ws1:/)
  expect(row.oauth).toMatch(/^ws1:/)
  expect(JSON.stringify(row)).not.toContain('example')

  expect(await credentials.passwordOf(id)).toBe('example password')
  expect(await credentials.tokensOf(id)).toEqual(tokens)
})

test('a changed password is encrypted again, the other field is not touched', async () => {
  const id = await credentials.add({ tenantId, name: 'shop', password: 'example password', oauth: tokens })
  const before = await stored(id)

  await credentials.changePassword(id, 'another example')

  const after = await stored(id)
  expect(after.password).toMatch(/^ws1:/)
  expect(after.password).not.toBe(before.password)
  expect(after.oauth).toBe(before.oauth)
  expect(await credentials.passwordOf(id)).toBe('another example')
})

test('what would store plaintext is refused, by the library or by the database', async () => {
  const id = await credentials.add({ tenantId, name: 'shop', password: 'example password' })
  const repository = dataSource.getRepository(Credential)

  const refused = { code: 'ERR_PLAINTEXT_REFUSED' }
  await expect(repository.update(id, { password: 'plaintext' })).rejects.toMatchObject(refused)
  await expect(repository.findBy({ password: 'example password' })).rejects.toMatchObject(refused)
  const raw = dataSource.query('UPDATE credential SET password = $1 WHERE id = $2', ['plaintext', id])
  await expect(raw).rejects.toThrow('the guard refused the statement (WX001)')

  expect(await credentials.passwordOf(id)).toBe('example password')
})

test('after a rotation the old key is not needed any more, and no ciphertext has changed', async () => {
  const id = await credentials.add({ tenantId, name: 'shop', password: 'example password' })
  const { encryption_metadata: wrapped, ...before } = await stored(id)
  const [first, second] = [process.env.WAXSEAL_LOCAL_KEYS, `2:${generateLocalKey()}`]

  await restart(`${first},${second}`, 2)
  expect(await rotate(dataSource, await connectCipher())).toMatchObject([{ current: 0, lost: 0, failures: [] }])
  await restart(second, 2)

  const { encryption_metadata: rewrapped, ...after } = await stored(id)
  expect(after).toEqual(before)
  expect(rewrapped).not.toEqual(wrapped)
  expect(await credentials.passwordOf(id)).toBe('example password')
})
