import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { connectCipher } from '../../src/config/index.js'
import { metadataFromJson, parseText } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { insertLocalRows } from './local-rows.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

const [before, after] = [`1:${generateLocalKey()}`, `2:${generateLocalKey()}`]
/** What the service is configured with since the rotation, for as long as the key of before is kept. */
const accepting = { name: 'local', keys: `${before},${after}`, currentKey: 2 } as const
/** Once that key was taken out of use. */
const retired = { name: 'local', keys: after, currentKey: 2 } as const

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, { provider: accepting }, databaseWithSchema())
})
afterAll(() => made.remove())

/** Restores the table as it was dumped before it was rotated, under its guard. */
beforeEach(async () => {
  await made.client.query('TRUNCATE credential')
  await insertLocalRows(made.credentials, { keys: before, currentKey: 1 }, 2)
  const { rows } = await made.client.query('SELECT jsonb_agg(credential) AS dump FROM credential')
  made.configure({ provider: accepting })
  expect(await made.run(['rotate'])).toMatchObject({ status: 0, stdout: expect.stringContaining('2 rewrapped') })
  expect(await standings()).toEqual([['2', 2, 'current']])
  await made.client.query('TRUNCATE credential')
  await made.client.query('INSERT INTO credential SELECT * FROM jsonb_populate_recordset(null::credential, $1)', [
    JSON.stringify(rows[0].dump),
  ])
})

/** By census: the number of each key, how many rows need it, and what the configuration makes of it. */
async function standings(): Promise<unknown[]> {
  const { tables } = JSON.parse((await made.run(['census', '--json'])).stdout)
  return tables[0].keks.map(({ kek, rows }: any) => [kek.version.split('-')[0], rows, kek.standing])
}

async function readAll(provider: typeof accepting | typeof retired): Promise<unknown[]> {
  await using cipher = await connectCipher({ configuration: { provider } })
  const { table } = made.credentials
  const { rows } = await made.client.query('SELECT * FROM credential')
  return Promise.all(
    rows.map(async (row) => {
      const envelope = await cipher.open(metadataFromJson(row.encryption_metadata), bindingOf(table, row))
      return envelope.decryptField(table.fields[0]!, parseText(row.password))
    }),
  )
}

test('a backup older than the last rotation opens, census says what it needs, and a rotation moves it', async () => {
  expect(await readAll(accepting)).toEqual(['secret', 'secret'])
  expect(await standings()).toEqual([['1', 2, 'accepted']])
  expect(await made.run(['rotate'])).toMatchObject({ status: 0, stdout: expect.stringContaining('2 rewrapped') })
  expect(await standings()).toEqual([['2', 2, 'current']])
  expect(await readAll(retired)).toEqual(['secret', 'secret'])
})

test('where its key is not accepted any more, census says so, and a read says what to do', async () => {
  made.configure({ provider: retired })
  expect(await standings()).toEqual([['1', 2, 'unlisted']])
  expect((await made.run(['census'])).status).toBe(1)
  await expect(readAll(retired)).rejects.toMatchObject({
    code: 'ERR_KEK_NOT_ACCEPTED',
    message: expect.stringContaining('key 1 is not among the configured keys (2); add it'),
  })
  expect(await made.run(['rotate'])).toMatchObject({ status: 1, stdout: expect.stringContaining('2 failed') })
  // The key is put back, and nothing was lost.
  made.configure({ provider: accepting })
  expect(await readAll(accepting)).toEqual(['secret', 'secret'])
})
