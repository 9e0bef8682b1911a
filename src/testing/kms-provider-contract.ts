import type { KmsOperation } from '../kms/call-ledger.js'
import type { KekRef, KmsProvider } from '../kms/provider.js'
import { bindingCases } from './contract/binding.js'
import { failureCases } from './contract/failure.js'
import { kekRefCases } from './contract/kek-ref.js'
import { mannersCases } from './contract/manners.js'
import { rewrapCases } from './contract/rewrap.js'
import { roundTripCases } from './contract/round-trip.js'
import { tamperCases } from './contract/tamper.js'

/** What the suite does to the KMS behind a provider. Each step has taken effect when its promise resolves. */
export interface KmsProviderControl {
  /** A new version of the KEK, which wraps from now on. */
  newKekVersion(): Promise<void>
  disable(kek: KekRef): Promise<void>
  destroy(kek: KekRef): Promise<void>
  /** From now on every call that uses a KEK is refused to this caller. */
  deny(): Promise<void>
  /** … is answered with "too many". */
  throttle(): Promise<void>
  /** … is answered with an internal error of the KMS. */
  failWithServerError(): Promise<void>
  /** … gets no answer. */
  hang(): Promise<void>
  /** The calls that reached the KMS so far, by what they did there, those that it refused included. */
  vendorCalls(): readonly KmsOperation[]
}

export interface KmsProviderUnderTest {
  readonly provider: KmsProvider
  readonly control: KmsProviderControl
  /** Whether the KMS rewraps by itself, or the data key passes through the process. */
  readonly rewraps: 'natively' | 'by unwrap and wrap'
}

export interface KmsProviderSuite {
  /** `provider.name`, and the start of each test's name. */
  readonly name: string
  /** Called once for each test: a provider with a KEK of its own, all well. */
  create(): Promise<KmsProviderUnderTest>
}

/** Any runner's way to declare a test. */
export type DeclareTest = (name: string, run: () => Promise<void>) => unknown

export interface KmsProviderCase {
  readonly name: string
  run(underTest: KmsProviderUnderTest, suite: KmsProviderSuite): Promise<void>
}

/**
 * The contract that every `KmsProvider` keeps, as tests of whichever runner `test` belongs to. There are no options to
 * leave a case out: what a KMS cannot do is brought about around it by `control`.
 */
export function testKmsProvider({ test }: { readonly test: DeclareTest }, suite: KmsProviderSuite): void {
  const groups = [roundTripCases, bindingCases, tamperCases, kekRefCases, rewrapCases, failureCases, mannersCases]
  for (const { name, run } of groups.flat()) {
    test(`${suite.name}: ${name}`, async () => run(await suite.create(), suite))
  }
}
