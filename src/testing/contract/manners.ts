import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { EncryptionContext } from '../../kms/context.js'
import { DataKey } from '../../kms/data-key.js'
import type { CallOptions, KmsProvider, KmsReply, WrappedDataKey } from '../../kms/provider.js'
import { RetryingProvider } from '../../kms/retrying-provider.js'
import type { KmsProviderCase } from '../kms-provider-contract.js'
import { assertRejects, assertSameDataKey, uniqueContext } from './assertions.js'
import { printedWhile } from './printed.js'

const CONCURRENT_CALLS = 50

export const mannersCases: readonly KmsProviderCase[] = [
  {
    name: 'rejects with the reason of a signal that is aborted already, without a call to the KMS',
    async run({ provider, control }) {
      const uses = await everyUse(provider, uniqueContext())
      const before = control.vendorCalls().length
      const reason = new Error('aborted before')
      for (const use of uses) {
        await assert.rejects(use({ signal: AbortSignal.abort(reason) }), (error) => error === reason)
      }
      assert.equal(control.vendorCalls().length, before)
    },
  },
  {
    name: 'rejects with the reason of a signal that is aborted while the KMS does not answer',
    async run({ provider, control }) {
      const [, ...uses] = await everyUse(provider, uniqueContext())
      await control.hang()
      for (const use of uses) {
        const controller = new AbortController()
        const reason = new Error('aborted during')
        const ended = assert.rejects(use({ signal: controller.signal }), (error) => error === reason)
        await setImmediate()
        controller.abort(reason)
        await ended
      }
    },
  },
  {
    name: `answers ${CONCURRENT_CALLS} calls at a time, each with its own data key`,
    async run({ provider: once }) {
      // As it is used: a machine that is busy for seconds is no fault of the provider.
      const provider = new RetryingProvider(once)
      const contexts = Array.from({ length: CONCURRENT_CALLS }, () => uniqueContext())
      const generated = await Promise.all(contexts.map((context) => provider.generateDataKey(context)))
      const opened = await Promise.all(generated.map(({ wrapped }, i) => provider.unwrap(wrapped, contexts[i]!)))
      for (const [index, dataKey] of opened.entries()) assertSameDataKey(dataKey, generated[index]!.dataKey)
      const distinct = new Set(generated.map(({ wrapped }) => Buffer.from(wrapped.bytes).toString('base64')))
      assert.equal(distinct.size, CONCURRENT_CALLS)
    },
  },
  {
    name: 'lets one call of many fail alone',
    async run({ provider }) {
      const context = uniqueContext()
      const { dataKey, wrapped } = await provider.generateDataKey(context)
      const calls = Array.from({ length: 10 }, (_, i) => provider.unwrap(wrapped, i === 5 ? uniqueContext() : context))
      const settled = await Promise.allSettled(calls)
      assert.equal(settled.filter((call) => call.status === 'rejected').length, 1)
      await assertRejects(calls[5]!, 'ERR_DECRYPTION_FAILED')
      assertSameDataKey(await calls[0]!, dataKey)
    },
  },
  {
    name: 'changes none of its arguments',
    async run({ provider }) {
      const context = Object.freeze({ ...uniqueContext() })
      const dataKey = DataKey.generate()
      const copy = dataKey.withBytes((bytes) => DataKey.adopt(Buffer.from(bytes)))
      const wrapped = frozen(await provider.wrap(dataKey, context))
      const before = Buffer.from(wrapped.bytes).toString('hex')
      await provider.unwrap(wrapped, context)
      await provider.rewrap(wrapped, context)
      await assertRejects(provider.unwrap(wrapped, uniqueContext()), 'ERR_DECRYPTION_FAILED')
      assert.equal(Buffer.from(wrapped.bytes).toString('hex'), before)
      assertSameDataKey(dataKey, copy)
    },
  },
  {
    name: 'reports every reply of the KMS, refusals included',
    async run({ provider, control }) {
      const [, ...uses] = await everyUse(provider, uniqueContext())
      const assertReported = (replies: readonly KmsReply[]) => {
        const isComplete = replies.every(({ operation, status }) => operation !== '' && status !== '')
        assert.ok(replies.length > 0 && isComplete, 'expected a reply with the name of its request and a status')
      }
      for (const use of uses) {
        const replies: KmsReply[] = []
        await use({ onReply: (reply) => replies.push(reply) })
        assertReported(replies)
      }
      await control.deny()
      const replies: KmsReply[] = []
      await assertRejects(uses[0]!({ onReply: (reply) => replies.push(reply) }), 'ERR_KMS_ACCESS_DENIED')
      assertReported(replies)
    },
  },
  {
    name: 'prints nothing',
    async run({ provider }) {
      const context = uniqueContext()
      const printed = await printedWhile(async () => {
        for (const use of await everyUse(provider, context)) await use({})
        const { wrapped } = await provider.generateDataKey(context)
        await assertRejects(provider.unwrap(wrapped, uniqueContext()), 'ERR_DECRYPTION_FAILED')
      })
      assert.equal(printed, '')
    },
  },
]

type Use = (options: CallOptions) => Promise<unknown>

/** Each of the five methods, ready to be called. `currentKek` stands first: it need not ask the KMS. */
async function everyUse(provider: KmsProvider, context: EncryptionContext): Promise<readonly Use[]> {
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  return [
    (options) => provider.currentKek(context, options),
    (options) => provider.unwrap(wrapped, context, options),
    (options) => provider.wrap(dataKey, context, options),
    (options) => provider.rewrap(wrapped, context, options),
    (options) => provider.generateDataKey(context, options),
  ]
}

function frozen({ kek, bytes }: WrappedDataKey): WrappedDataKey {
  return Object.freeze({ kek: Object.freeze({ ...kek }), bytes })
}
