import { expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { planAdoption, prepareAdoption } from '../../src/adoption/index.js'
import { EnvelopeCipher } from '../../src/index.js'
import { Accounts } from './accounts.js'
import { adopt } from './working.js'

test.each([0, 1])('a plan foretells what metadata and ciphertexts take, with %i recipients', async (recipients) => {
  const accounts = await Accounts.create({ prepared: false })
  const local = (id: string) => new LocalProvider({ id, keys: `1:${generateLocalKey()}`, currentKey: 1 })
  const cipher = new EnvelopeCipher({
    provider: local('local'),
    recipients: ['other'].slice(0, recipients).map(local),
    cache: false,
  })
  try {
    for (const length of [1, 40, 256, 700]) await accounts.insert('s'.repeat(length), { token: 't'.repeat(length) })
    const { growth } = await planAdoption(accounts.database.client, accounts.table, { recipients })
    await prepareAdoption(accounts.database.client, accounts.table)
    await adopt(accounts, { cipher })
    const [taken] = await accounts.query(
      `SELECT sum(pg_column_size(encryption_metadata) + pg_column_size(password_encrypted) + pg_column_size(oauth_encrypted))::int AS bytes
        FROM account`,
    )
    expect(growth / taken!.bytes).toBeCloseTo(1, 1)
  } finally {
    await accounts.drop()
  }
})
