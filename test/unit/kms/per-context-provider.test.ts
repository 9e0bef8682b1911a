import { describe, expect, test } from '@jest/globals'
import { PerContextProvider } from '../../../src/kms/index.js'
import { FaultyProvider } from '../../../src/testing/index.js'
import { testKmsProvider } from '../../contract/kms-provider.js'
import { faultyUnderTest } from '../../providers/faulty-under-test.js'

const inner = (kekId: string) => new FaultyProvider({ kekId })
const tenants = () => {
  const [acme, other, shared] = [inner('kek-acme'), inner('kek-other'), inner('kek-shared')]
  const asked: string[] = []
  const provider = new PerContextProvider({
    name: 'fake',
    pair: 'tenant',
    async provider(value) {
      asked.push(value)
      return { acme, other }[value]
    },
    otherwise: shared,
  })
  return { acme, other, shared, asked, provider }
}
const ACME = { tenant: 'acme', 'waxseal-entity': 'credential' }

test('each operation goes to the provider of the value, and to no other', async () => {
  const { acme, other, shared, provider } = tenants()
  expect(await provider.currentKek(ACME)).toMatchObject({ id: 'kek-acme' })
  const { dataKey, wrapped } = await provider.generateDataKey(ACME)
  expect((await provider.wrap(dataKey, ACME)).kek.id).toBe('kek-acme')
  expect((await provider.rewrap(wrapped, ACME)).kek.id).toBe('kek-acme')
  await provider.unwrap(wrapped, ACME)
  expect(acme.calls.map(({ operation }) => operation)).toEqual([
    ...['currentKek', 'generateDataKey', 'wrap', 'rewrap', 'unwrap'],
  ])
  expect([...other.calls, ...shared.calls]).toEqual([])
})

test("a wrap under another tenant's KEK is refused, without a call to that tenant's KMS", async () => {
  const { acme, other, provider } = tenants()
  const { wrapped } = await provider.generateDataKey({ ...ACME, tenant: 'other' })
  other.clearCalls()
  for (const operation of ['unwrap', 'rewrap'] as const) {
    await expect(provider[operation](wrapped, ACME)).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  }
  expect([...acme.calls, ...other.calls]).toEqual([])
})

describe('a value without a KEK', () => {
  test('is refused by every operation, and not repeated in the message', async () => {
    const { acme, provider } = tenants()
    const { dataKey, wrapped } = await acme.generateDataKey(ACME)
    const context = { tenant: 'nobody-at-all' }
    for (const call of [
      () => provider.currentKek(context),
      () => provider.generateDataKey(context),
      () => provider.wrap(dataKey, context),
      () => provider.unwrap(wrapped, context),
      () => provider.rewrap(wrapped, context),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'ERR_KEK_UNAVAILABLE',
        message: expect.not.stringContaining('nobody'),
      })
    }
  })

  test('is asked for again, and one that has a KEK is not', async () => {
    const { asked, provider } = tenants()
    for (let turn = 0; turn < 2; turn++) {
      await provider.currentKek(ACME)
      await expect(provider.currentKek({ tenant: 'new' })).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
    }
    expect(asked).toEqual(['acme', 'new', 'new'])
  })
})

describe('a context without the pair', () => {
  test('goes to "otherwise"', async () => {
    const { provider } = tenants()
    expect(await provider.currentKek({ 'waxseal-entity': 'setting' })).toMatchObject({ id: 'kek-shared' })
  })

  test('is refused without "otherwise": it would be wrapped under a KEK that nobody destroys', async () => {
    const provider = new PerContextProvider({ name: 'fake', pair: 'tenant', provider: () => inner('kek') })
    await expect(provider.currentKek({ 'waxseal-entity': 'setting' })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('"setting"'),
    })
  })
})

test('a provider of another name is refused: its wraps would not be found again', async () => {
  const named = new FaultyProvider({ name: 'elsewhere' })
  const provider = new PerContextProvider({ name: 'fake', pair: 'tenant', provider: () => named })
  await expect(provider.currentKek(ACME)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  const options = { name: 'fake', pair: 'tenant', provider: () => undefined, otherwise: named }
  expect(() => new PerContextProvider(options)).toThrow('found "elsewhere"')
})

test('an unknown option is refused', () => {
  const options = { name: 'fake', pair: 'tenant', provider: () => undefined, fallback: inner('kek') }
  expect(() => new PerContextProvider(options)).toThrow('unknown option "fallback"')
})

testKmsProvider(
  { test },
  {
    name: 'fake',
    async create() {
      const under = faultyUnderTest()
      const { provider: each } = under
      const options = { name: 'fake', pair: 'tenant', provider: () => each, otherwise: each }
      return { ...under, provider: new PerContextProvider(options) }
    },
  },
)
