import { ConfigurationError } from '../../src/errors.js'
import { algorithmNamed, type RecoveryAlgorithmName } from './algorithms.js'
import { encryptPkcs8 } from './encrypt-pkcs8.js'

const FEWEST_CHARACTERS = 16

export interface RecoveryKeyPair {
  /** PKCS#8 in PEM, encrypted under the passphrase: what openssl and others read, too. */
  readonly privateKey: string
  readonly publicKey: string
}

/** A new recovery key. To be run on the offline machine. */
export async function createRecoveryKey(
  passphrase: string,
  algorithm: RecoveryAlgorithmName = 'rsa-oaep-256',
): Promise<RecoveryKeyPair> {
  const { generate } = algorithmNamed(algorithm)
  if ([...passphrase].length < FEWEST_CHARACTERS) {
    throw new ConfigurationError(
      `recovery key: the passphrase must have at least ${FEWEST_CHARACTERS} characters; use six or more random words`,
    )
  }
  const { privateKey, publicKey } = await generate()
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  try {
    return {
      privateKey: await encryptPkcs8(der, passphrase),
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    }
  } finally {
    der.fill(0)
  }
}
