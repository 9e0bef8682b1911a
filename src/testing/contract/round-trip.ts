import assert from 'node:assert/strict'
import { DATA_KEY_BYTES, DataKey } from '../../kms/data-key.js'
import type { KmsProviderCase } from '../kms-provider-contract.js'
import { assertSameDataKey, uniqueContext } from './assertions.js'

export const roundTripCases: readonly KmsProviderCase[] = [
  {
    name: 'unwraps the data key that it generated',
    async run({ provider }) {
      const context = uniqueContext()
      const { dataKey, wrapped } = await provider.generateDataKey(context)
      assertSameDataKey(await provider.unwrap(wrapped, context), dataKey)
    },
  },
  {
    name: 'unwraps a data key that it was given to wrap',
    async run({ provider }) {
      const context = uniqueContext()
      const dataKey = DataKey.generate()
      assertSameDataKey(await provider.unwrap(await provider.wrap(dataKey, context), context), dataKey)
    },
  },
  {
    name: 'generates data keys of 32 bytes, each another one',
    async run({ provider }) {
      const context = uniqueContext()
      const first = await provider.generateDataKey(context)
      const second = await provider.generateDataKey(context)
      assert.equal(first.dataKey.keyObject.symmetricKeySize, DATA_KEY_BYTES)
      assert.ok(!first.dataKey.keyObject.equals(second.dataKey.keyObject), 'two data keys are equal')
    },
  },
  {
    name: 'does not store the data key as it is',
    async run({ provider }) {
      const context = uniqueContext()
      const { dataKey, wrapped } = await provider.generateDataKey(context)
      const again = await provider.wrap(dataKey, context)
      dataKey.withBytes((bytes) => {
        for (const { bytes: stored } of [wrapped, again]) assert.ok(!Buffer.from(stored).includes(Buffer.from(bytes)))
      })
    },
  },
  {
    name: 'never wraps to the same bytes twice',
    async run({ provider }) {
      const context = uniqueContext()
      const dataKey = DataKey.generate()
      const [first, second] = [await provider.wrap(dataKey, context), await provider.wrap(dataKey, context)]
      assert.notDeepEqual(Buffer.from(first.bytes), Buffer.from(second.bytes))
    },
  },
]
