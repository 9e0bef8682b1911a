import assert from 'node:assert/strict'
import type { KmsProviderCase } from '../kms-provider-contract.js'
import { assertRejects, assertSameDataKey, uniqueContext } from './assertions.js'

export const rewrapCases: readonly KmsProviderCase[] = [
  {
    name: 'rewraps the same data key under the current KEK and leaves the old wrap valid',
    async run({ provider, control }) {
      const context = uniqueContext()
      const { dataKey, wrapped } = await provider.generateDataKey(context)
      await control.newKekVersion()
      const rewrapped = await provider.rewrap(wrapped, context)
      assert.deepEqual(rewrapped.kek, await provider.currentKek(context))
      assert.notDeepEqual(Buffer.from(rewrapped.bytes), Buffer.from(wrapped.bytes))
      assertSameDataKey(await provider.unwrap(rewrapped, context), dataKey)
      assertSameDataKey(await provider.unwrap(wrapped, context), dataKey)
    },
  },
  {
    name: 'keeps the context bound through a rewrap',
    async run({ provider, control }) {
      const context = uniqueContext()
      const { wrapped } = await provider.generateDataKey(context)
      await control.newKekVersion()
      const rewrapped = await provider.rewrap(wrapped, context)
      await assertRejects(provider.unwrap(rewrapped, uniqueContext()), 'ERR_DECRYPTION_FAILED')
    },
  },
  {
    name: 'does not rewrap under another context',
    async run({ provider, control }) {
      const { wrapped } = await provider.generateDataKey(uniqueContext())
      await control.newKekVersion()
      await assertRejects(provider.rewrap(wrapped, uniqueContext()), 'ERR_DECRYPTION_FAILED')
    },
  },
  {
    name: 'rewraps what is already under the current KEK',
    async run({ provider }) {
      const context = uniqueContext()
      const { dataKey, wrapped } = await provider.generateDataKey(context)
      const rewrapped = await provider.rewrap(wrapped, context)
      assert.deepEqual(rewrapped.kek, wrapped.kek)
      assertSameDataKey(await provider.unwrap(rewrapped, context), dataKey)
    },
  },
  {
    name: 'rewraps in the way that it declares',
    async run({ provider, control, rewraps }) {
      const context = uniqueContext()
      const { wrapped } = await provider.generateDataKey(context)
      await control.newKekVersion()
      const before = control.vendorCalls().length
      await provider.rewrap(wrapped, context)
      const calls = control.vendorCalls().slice(before)
      // Look-ups of the current KEK are allowed in between.
      const uses = calls.filter((operation) => operation !== 'currentKek')
      assert.deepEqual(uses, rewraps === 'natively' ? ['rewrap'] : ['unwrap', 'wrap'])
    },
  },
]
