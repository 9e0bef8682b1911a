import { randomBytes, randomUUID } from 'node:crypto'
import { type EnvelopeBinding, EnvelopeCipher, type EnvelopeCipherOptions, type FieldSpec } from 'waxseal'
import { generateLocalKey, LocalProvider } from 'waxseal/providers/local'

/** The size of an OAuth token with its refresh token, or of a small private key. */
export const SECRET_BYTES = 256

export const secretText = () => randomBytes(SECRET_BYTES / 2).toString('hex')

export const bytesField: FieldSpec = { id: 'credential.certificate', kind: 'bytes' }
export const textField: FieldSpec = { id: 'credential.password', kind: 'text' }

export const newBinding = (): EnvelopeBinding => ({
  entity: 'credential',
  row: randomUUID(),
  context: { tenant: randomUUID() },
})

export const localProvider = () => new LocalProvider({ keys: `1:${generateLocalKey()}`, currentKey: 1 })

export const localCipher = (options: Partial<EnvelopeCipherOptions> = {}) => {
  return new EnvelopeCipher({ provider: localProvider(), ...options })
}
