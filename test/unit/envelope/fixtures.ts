import { randomBytes } from 'node:crypto'
import type { EnvelopeBinding } from '../../../src/envelope/binding.js'
import type { EnvelopeCipherOptions } from '../../../src/envelope/cipher-options.js'
import type { EncryptedField } from '../../../src/envelope/encrypted-field.js'
import { EnvelopeCipher } from '../../../src/envelope/envelope-cipher.js'
import type { FieldSpec } from '../../../src/envelope/field-value.js'
import type { WrappedMetadata } from '../../../src/envelope/metadata.js'
import { isWaxsealError } from '../../../src/errors.js'
import type { Fault } from '../../../src/testing/faults.js'
import { FaultyProvider } from '../../../src/testing/faulty-provider.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'

export const password: FieldSpec = { id: 'credential.password', kind: 'text' }
export const tokens: FieldSpec = { id: 'credential.tokens', kind: 'json' }
export const certificate: FieldSpec = { id: 'credential.certificate', kind: 'bytes' }

export const binding: EnvelopeBinding = {
  entity: 'credential',
  row: '018f3c2e-7d3a-7cc0-8f00-3b5a0e1f2a3b',
  context: { tenant: 'tenant-1' },
}

/** A secret of the test's own, so that a search for it finds nothing else. */
export const secret = () => `secret-${randomBytes(9).toString('hex')}`

export interface Setup {
  readonly kms: FaultyProvider
  readonly clock: ManualClock
  readonly cipher: EnvelopeCipher
}

export function setup(options: Partial<EnvelopeCipherOptions> = {}): Setup {
  const clock = new ManualClock(new Date('2026-11-22T21:00:00Z'))
  const kms = new FaultyProvider({ name: 'small', kekId: 'kek-a', clock })
  return { kms, clock, cipher: new EnvelopeCipher({ provider: kms, clock, ...options }) }
}

export const kmsNamed = (name: string, kekId = 'kek-a') => new FaultyProvider({ name, kekId })

/** The operations that reached each KMS, in their order. */
export const callsOf = (...all: FaultyProvider[]) => all.map(({ calls }) => calls.map(({ operation }) => operation))

export function forgetCalls(...all: FaultyProvider[]): void {
  for (const kms of all) kms.clearCalls()
}

/** A call that ends with `error` before anything happens at the KMS. */
export const refusal = (error: Error): Fault => ({ transport: () => Promise.reject(error) })

export interface Stored {
  readonly metadata: WrappedMetadata
  readonly field: EncryptedField
}

/** A credential with one password, as it would lie in a row. */
export async function store(cipher: EnvelopeCipher, value = secret(), to: EnvelopeBinding = binding): Promise<Stored> {
  const envelope = await cipher.mint(to)
  return { metadata: envelope.metadata, field: envelope.encryptField(password, value) }
}

/** The `code` of the error that a call ends with, whether it throws or rejects; `undefined` if it succeeds. */
export async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    return isWaxsealError(error) ? error.code : `not of waxseal: ${String(error)}`
  }
}

/** The same envelope with some of its wraps altered. */
export function withWraps(
  metadata: WrappedMetadata,
  change: (wrap: WrappedMetadata['wraps'][number], index: number) => Partial<WrappedMetadata['wraps'][number]>,
): WrappedMetadata {
  return { ...metadata, wraps: metadata.wraps.map((wrap, index) => ({ ...wrap, ...change(wrap, index) })) }
}
