import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { ConfigurationError } from '../../src/errors.js'
import { encryptPkcs8 } from './encrypt-pkcs8.js'

const BITS = 3_072
const FEWEST_CHARACTERS = 16

export interface RecoveryKeyPair {
  /** PKCS#8 in PEM, encrypted under the passphrase: what openssl and others read, too. */
  readonly privateKey: string
  readonly publicKey: string
}

/** A new recovery key. To be run on the offline machine. */
export async function createRecoveryKey(passphrase: string): Promise<RecoveryKeyPair> {
  if ([...passphrase].length < FEWEST_CHARACTERS) {
    throw new ConfigurationError(
      `recovery key: the passphrase must have at least ${FEWEST_CHARACTERS} characters; use six or more random words`,
    )
  }
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: BITS })
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
