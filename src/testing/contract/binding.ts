import type { EncryptionContext } from '../../kms/context.js'
import type { KmsProviderCase } from '../kms-provider-contract.js'
import { assertRejects, assertSameDataKey } from './assertions.js'

const BOUND: EncryptionContext = { tenant: 'a', region: 'b' }

const FOREIGN: readonly (readonly [string, EncryptionContext])[] = [
  ['another value', { tenant: 'c', region: 'b' }],
  ['a value that differs in case', { tenant: 'A', region: 'b' }],
  ['an additional pair', { ...BOUND, extra: 'c' }],
  ['a pair missing', { tenant: 'a' }],
  ['no pairs', {}],
  ['two values exchanged', { tenant: 'b', region: 'a' }],
  ['a name and its value exchanged', { a: 'tenant', region: 'b' }],
  ['the boundary of a name and its value moved', { tenan: 'ta', region: 'b' }],
]

const KEPT: readonly (readonly [string, EncryptionContext, EncryptionContext])[] = [
  ['an empty context', {}, {}],
  ['an empty value', { tenant: '' }, { tenant: '' }],
  ['the pairs in another order', BOUND, { region: 'b', tenant: 'a' }],
  ['values beyond ASCII', { tenant: 'Ünïcødé 租户 🔑' }, { tenant: 'Ünïcødé 租户 🔑' }],
]

export const bindingCases: readonly KmsProviderCase[] = [
  ...FOREIGN.map(([what, foreign]) => ({
    name: `does not unwrap under a context with ${what}`,
    async run({ provider }: Parameters<KmsProviderCase['run']>[0]) {
      const { dataKey, wrapped } = await provider.generateDataKey(BOUND)
      await assertRejects(provider.unwrap(wrapped, foreign), 'ERR_DECRYPTION_FAILED')
      await assertRejects(provider.unwrap(await provider.wrap(dataKey, BOUND), foreign), 'ERR_DECRYPTION_FAILED')
    },
  })),
  ...KEPT.map(([what, bound, same]) => ({
    name: `unwraps under ${what}`,
    async run({ provider }: Parameters<KmsProviderCase['run']>[0]) {
      const { dataKey, wrapped } = await provider.generateDataKey(bound)
      assertSameDataKey(await provider.unwrap(wrapped, same), dataKey)
    },
  })),
]
