import { afterEach, expect, test } from '@jest/globals'
import { faults } from '../../src/testing/index.js'
import { Accounts } from './accounts.js'
import { adopt, rollback, verify } from './working.js'

let accounts: Accounts
afterEach(() => accounts.drop())

test.each(['side', 'inPlace'] as const)(
  '%s: a KMS that fails ends the run with what was stored, and it goes on from there',
  async (placement) => {
    accounts = await Accounts.create({ placement })
    await accounts.fill(12)
    accounts.provider.faults.inject(faults.throttle(), { operation: 'generateDataKey', times: 1 })
    await expect(adopt(accounts)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
    const [failures] = await accounts.query('SELECT count(*)::int AS n FROM waxseal.run_failure')
    expect(failures!.n).toBe(0)
    expect(await adopt(accounts)).toEqual({ state: 'finished', counts: { encrypted: 12 }, failed: 0 })
    expect(await verify(accounts)).toMatchObject({ counts: { verified: 12 }, failed: 0 })
  },
)

test('in place, also where the data key is unwrapped again', async () => {
  accounts = await Accounts.create({ placement: 'inPlace' })
  await accounts.fill(4)
  const before = await accounts.digest()
  accounts.provider.faults.inject(faults.throttle(), { operation: 'unwrap', times: 1 })
  await expect(adopt(accounts)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  expect(await accounts.digest()).toBe(before)
  await adopt(accounts)
  accounts.cipher.forgetAll()
  accounts.provider.faults.inject(faults.throttle(), { operation: 'unwrap', times: 1 })
  await expect(rollback(accounts)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  await rollback(accounts)
  expect(
    (await accounts.query('SELECT count(*)::int AS n FROM account WHERE encryption_metadata = $1', ['{}']))[0]!.n,
  ).toBe(4)
})
