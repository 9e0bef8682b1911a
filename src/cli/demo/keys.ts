import { generateLocalKey } from '../../../providers/local/keygen.js'
import { LocalProvider } from '../../../providers/local/provider.js'
import { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { InMemoryCallLedger } from '../../kms/call-ledger.js'
import { RecordingProvider } from '../../kms/recording-provider.js'

/** Two versions of a KEK, as a rotation has them, with every call to them in one ledger. */
export interface DemoKeys {
  readonly ledger: InMemoryCallLedger
  /** Key 1 alone: the application before the rotation. */
  readonly before: EnvelopeCipher
  /** Key 2 wraps, key 1 may still be read: the rotation. */
  readonly rotating: EnvelopeCipher
  /** Key 2 alone: what key 1 wrapped does not open any more. */
  readonly after: EnvelopeCipher
}

export function generateKeys(): DemoKeys {
  const [first, second] = [`1:${generateLocalKey()}`, `2:${generateLocalKey()}`]
  const ledger = new InMemoryCallLedger()
  const cipher = (keys: string, currentKey: number) => {
    return new EnvelopeCipher({ provider: new RecordingProvider(new LocalProvider({ keys, currentKey }), ledger) })
  }
  return { ledger, before: cipher(first, 1), rotating: cipher(`${first},${second}`, 2), after: cipher(second, 2) }
}
