import { CredentialShreddedError, InvalidEnvelopeError } from '../errors.js'
import type { EnvelopeMetadata, WrappedMetadata } from './metadata.js'

/** Metadata with a data key, or the error that says why there is none. */
export function assertWrapped(metadata: EnvelopeMetadata): WrappedMetadata {
  if (metadata.state === 'wrapped') return metadata
  if (metadata.state === 'empty') {
    throw new InvalidEnvelopeError('the credential has no envelope: its encryption metadata is {}')
  }
  throw new CredentialShreddedError(
    `the credential was shredded (receipt ${metadata.receipt}); set every field to use the row again`,
  )
}
