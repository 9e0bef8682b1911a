import assert from 'node:assert/strict'
import { DataKey } from '../../kms/data-key.js'
import type { KekRef } from '../../kms/provider.js'
import type { KmsProviderCase } from '../kms-provider-contract.js'
import { assertRejects, assertSameDataKey, uniqueContext } from './assertions.js'

const FOREIGN: readonly (readonly [string, (kek: KekRef) => KekRef])[] = [
  ['another id', (kek) => ({ ...kek, id: `${kek.id}0` })],
  ['an empty id', (kek) => ({ ...kek, id: '' })],
  ['another provider', (kek) => ({ ...kek, provider: `${kek.provider}0` })],
]

export const kekRefCases: readonly KmsProviderCase[] = [
  {
    name: 'names itself in every KEK ref',
    async run({ provider }, { name }) {
      const context = uniqueContext()
      const generated = await provider.generateDataKey(context)
      const wrapped = await provider.wrap(generated.dataKey, context)
      const refs = [await provider.currentKek(context), generated.wrapped.kek, wrapped.kek]
      assert.deepEqual([provider.name, ...refs.map((kek) => kek.provider)], [name, name, name, name])
    },
  },
  {
    name: 'wraps under the KEK that it calls the current one',
    async run({ provider }) {
      const context = uniqueContext()
      const current = await provider.currentKek(context)
      assert.deepEqual((await provider.generateDataKey(context)).wrapped.kek, current)
      assert.deepEqual((await provider.wrap(DataKey.generate(), context)).kek, current)
    },
  },
  {
    name: 'wraps under a new KEK version and still unwraps what the old one wrapped',
    async run({ provider, control }) {
      const context = uniqueContext()
      const old = await provider.generateDataKey(context)
      await control.newKekVersion()
      const current = await provider.currentKek(context)
      assert.notDeepEqual(current, old.wrapped.kek)
      assert.deepEqual((await provider.generateDataKey(context)).wrapped.kek, current)
      assertSameDataKey(await provider.unwrap(old.wrapped, context), old.dataKey)
    },
  },
  {
    name: 'does not unwrap under a version other than the one that wrapped',
    async run({ provider, control }) {
      const context = uniqueContext()
      const { wrapped } = await provider.generateDataKey(context)
      await control.newKekVersion()
      const exchanged = { kek: await provider.currentKek(context), bytes: wrapped.bytes }
      await assertRejects(provider.unwrap(exchanged, context), ['ERR_DECRYPTION_FAILED', 'ERR_KEK_NOT_ACCEPTED'])
    },
  },
  {
    // So is asked whether a provider was configured with a KEK.
    name: 'refuses an empty wrapped key as one that does not open, without a call to the KMS',
    async run({ provider, control }) {
      const context = uniqueContext()
      const { wrapped } = await provider.generateDataKey(context)
      const before = control.vendorCalls().length
      await assertRejects(
        provider.unwrap({ kek: wrapped.kek, bytes: new Uint8Array(0) }, context),
        'ERR_DECRYPTION_FAILED',
      )
      assert.equal(control.vendorCalls().length, before)
    },
  },
  ...FOREIGN.map(([what, foreign]) => ({
    name: `refuses a KEK ref with ${what} without a call to the KMS`,
    async run({ provider, control }: Parameters<KmsProviderCase['run']>[0]) {
      const context = uniqueContext()
      const { wrapped } = await provider.generateDataKey(context)
      const before = control.vendorCalls().length
      const pinned = { kek: foreign(wrapped.kek), bytes: wrapped.bytes }
      const error = await assertRejects(provider.unwrap(pinned, context), 'ERR_KEK_NOT_ACCEPTED')
      await assertRejects(provider.rewrap(pinned, context), 'ERR_KEK_NOT_ACCEPTED')
      assert.deepEqual(error.kek, pinned.kek)
      assert.equal(control.vendorCalls().length, before, 'the KMS was called for a KEK that is not accepted')
      // Otherwise a control that counts nothing would pass.
      await provider.unwrap(wrapped, context)
      assert.ok(control.vendorCalls().length > before, 'control.vendorCalls() does not count')
    },
  })),
]
