import { describe, expect, test } from '@jest/globals'
import { providers } from '../../providers/index.js'
import { estimate } from '../../src/cli/rotate/estimate.js'
import { kekPerContextOf } from '../../src/cli/rotate/kek-per-context.js'
import { validateConfiguration } from '../../src/config/load-configuration.js'
import { FaultyProvider } from '../../src/testing/index.js'

const rows = 100_000

describe('the estimate of a rotation', () => {
  test('counts the calls that an operation is, at the quota and the price of the vendor', async () => {
    expect(await estimate({ aws: { rewrap: rows, unwrap: rows } }, {})).toMatchObject([
      { provider: 'aws', calls: 200_000, cost: expect.closeTo(0.6), seconds: 20 },
    ])
    expect(await estimate({ azure: { rewrap: rows, unwrap: rows } }, {})).toMatchObject([
      { provider: 'azure', calls: 400_000, cost: expect.closeTo(1.2), seconds: 1_000 },
    ])
  })

  test('what the operator says comes before what the vendor says', async () => {
    expect(await estimate({ gcp: { rewrap: rows } }, { rate: 50, price: 1 })).toMatchObject([
      { calls: 200_000, cost: 20, seconds: 4_000 },
    ])
  })

  test('says nothing about the cost and the time of a provider that is not one of ours', async () => {
    expect(await estimate({ own: { wrap: rows } }, {})).toEqual([{ provider: 'own', calls: rows, sources: [] }])
  })

  test.each(Object.keys(providers) as (keyof typeof providers)[])(
    '%s says where its limits come from',
    async (name) => {
      const { calls, callsPerSecond, pricePer10000Calls, sources } = await providers[name].limits()
      const isFree = callsPerSecond === undefined && pricePer10000Calls === 0
      expect(sources.length > 0 || isFree).toBe(true)
      expect(sources.every((source) => URL.canParse(source))).toBe(true)
      expect(Object.values(calls).every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(true)
    },
  )
})

describe('whether the KEK depends on the context', () => {
  const provider = { name: 'local', keys: '1:x', currentKey: 1 } as const
  const made = new FaultyProvider()
  const of = (configuration: object) => kekPerContextOf(validateConfiguration({ provider, ...configuration }))

  test('is taken for granted of a provider that was made by the user', () => {
    expect(of({})).toBe(false)
    expect(of({ provider: made })).toBe(true)
    expect(of({ recipients: [made] })).toBe(true)
  })

  test('is what "kekPerContext" says', () => {
    expect(of({ kekPerContext: true })).toBe(true)
    expect(of({ provider: made, kekPerContext: false })).toBe(false)
  })
})
