import assert from 'node:assert/strict'
import type { ErrorCode, KmsUnavailableError } from '../../errors.js'
import { DataKey } from '../../kms/data-key.js'
import { DeadlineProvider } from '../../kms/deadline-provider.js'
import type { KmsProvider, WrappedDataKey } from '../../kms/provider.js'
import type { KmsProviderCase, KmsProviderControl } from '../kms-provider-contract.js'
import { ManualClock } from '../manual-clock.js'
import { assertRejects, assertTellsNoSecret, uniqueContext } from './assertions.js'

interface Failure {
  readonly what: string
  readonly cause: (control: KmsProviderControl, wrapped: WrappedDataKey) => Promise<void>
  readonly code: ErrorCode
  /** Only where it is retryable. */
  readonly reason?: string
}

const FAILURES: readonly Failure[] = [
  { what: 'the caller is denied', cause: (control) => control.deny(), code: 'ERR_KMS_ACCESS_DENIED' },
  {
    what: 'the KMS throttles',
    cause: (control) => control.throttle(),
    code: 'ERR_KMS_UNAVAILABLE',
    reason: 'throttled',
  },
  {
    what: 'the KMS fails',
    cause: (control) => control.failWithServerError(),
    code: 'ERR_KMS_UNAVAILABLE',
    reason: 'server',
  },
  {
    what: 'the KEK version is disabled',
    cause: (control, { kek }) => control.disable(kek),
    code: 'ERR_KEK_UNAVAILABLE',
  },
  {
    what: 'the KEK version is destroyed',
    cause: (control, { kek }) => control.destroy(kek),
    code: 'ERR_KEK_UNAVAILABLE',
  },
]

const TIMEOUT_MS = 1_000

export const failureCases: readonly KmsProviderCase[] = [
  ...FAILURES.map(({ what, cause, code, reason }) => ({
    name: `rejects every use of the KEK with ${code} when ${what}`,
    async run({ provider, control }: Parameters<KmsProviderCase['run']>[0]) {
      const context = uniqueContext()
      const dataKey = DataKey.generate()
      const wrapped = await provider.wrap(dataKey, context)
      await cause(control, wrapped)
      const uses = [
        () => provider.unwrap(wrapped, context),
        () => provider.wrap(dataKey, context),
        () => provider.rewrap(wrapped, context),
        () => provider.generateDataKey(context),
      ]
      for (const use of uses) {
        const error = await assertRejects(use(), code, reason !== undefined)
        if (reason !== undefined) assert.equal((error as KmsUnavailableError).reason, reason)
        assertTellsNoSecret(error, dataKey, context)
      }
    },
  })),
  {
    name: 'ends at its deadline when the KMS does not answer',
    async run({ provider, control }) {
      const context = uniqueContext()
      const dataKey = DataKey.generate()
      const wrapped = await provider.wrap(dataKey, context)
      await control.hang()
      const clock = new ManualClock()
      const limited: KmsProvider = new DeadlineProvider(provider, { timeoutMs: TIMEOUT_MS, clock })
      const ended = assertRejects(limited.unwrap(wrapped, context), 'ERR_KMS_UNAVAILABLE', true)
      await clock.advance(TIMEOUT_MS)
      const error = await ended
      assert.equal((error as KmsUnavailableError).reason, 'timeout')
      assertTellsNoSecret(error, dataKey, context)
    },
  },
  {
    name: 'tells neither the data key nor the context when it cannot unwrap',
    async run({ provider }) {
      const context = uniqueContext()
      const other = uniqueContext()
      const dataKey = DataKey.generate()
      const wrapped = await provider.wrap(dataKey, context)
      const error = await assertRejects(provider.unwrap(wrapped, other), 'ERR_DECRYPTION_FAILED')
      assertTellsNoSecret(error, dataKey, { ...context, other: Object.values(other).join(), ...other })
      const foreign = { kek: { ...wrapped.kek, id: `${wrapped.kek.id}0` }, bytes: wrapped.bytes }
      assertTellsNoSecret(
        await assertRejects(provider.unwrap(foreign, context), 'ERR_KEK_NOT_ACCEPTED'),
        dataKey,
        context,
      )
    },
  },
]
