import { randomUUID } from 'node:crypto'
import type { TestKmsServer } from '../../src/testing/index.js'
import { NOT_REFUSED, type ServerLimit, type ServerLimits } from '../contract/server-limits.js'
import { gcpClient } from '../providers/gcp-under-test.js'

const UNIMPLEMENTED = 12

/** What an emulator of Cloud KMS does otherwise than Google Cloud, asked with the SDK alone. */
export async function gcpLimits(server: TestKmsServer): Promise<ServerLimits> {
  const kms = gcpClient(server, 'probe')
  const limits = new Map<string, ServerLimit>()
  const parent = 'projects/test/locations/global'
  const [ring] = await kms.createKeyRing({ parent, keyRingId: `probe-${randomUUID()}` })
  const cryptoKey = { purpose: 'ENCRYPT_DECRYPT' } as const
  const [key] = await kms.createCryptoKey({ parent: ring.name!, cryptoKeyId: 'probe', cryptoKey })
  const name = key.name!
  const version = `${name}/cryptoKeyVersions/1`

  const [bound] = await kms.encrypt({
    name,
    plaintext: Buffer.from('x'),
    additionalAuthenticatedData: Buffer.from('a'),
  })
  const [foreign, code] = await answerOf(
    kms.decrypt({ name, ciphertext: bound.ciphertext!, additionalAuthenticatedData: Buffer.from('b') }),
  )
  if (foreign) {
    for (const unbound of UNBOUND) {
      limits.set(unbound, { why: 'ignores the additional authenticated data', fails: NOT_REFUSED })
    }
  } else if (code !== 3 && code !== 13) {
    for (const unbound of UNBOUND) {
      const why = `answers with status ${code} where Cloud KMS has 3`
      limits.set(unbound, { why, fails: /expected ERR_DECRYPTION_FAILED, found ERR_/ })
    }
  }

  const states = [
    [
      'disabled',
      kms.updateCryptoKeyVersion({
        cryptoKeyVersion: { name: version, state: 'DISABLED' },
        updateMask: { paths: ['state'] },
      }),
    ],
    ['destroyed', kms.destroyCryptoKeyVersion({ name: version })],
  ] as const
  for (const [state, change] of states) {
    const [, refused] = await answerOf(change)
    if (refused === UNIMPLEMENTED) {
      const unsupported = `rejects every use of the KEK with ERR_KEK_UNAVAILABLE when the KEK version is ${state}`
      limits.set(unsupported, { why: `has no version that is ${state}`, fails: /12 UNIMPLEMENTED/ })
    }
  }
  return limits
}

const UNBOUND = [
  ...['another value', 'a value that differs in case', 'an additional pair', 'a pair missing', 'no pairs'].map(
    contextWith,
  ),
  ...['two values exchanged', 'a name and its value exchanged'].map(contextWith),
  contextWith('the boundary of a name and its value moved'),
  'does not unwrap under a version other than the one that wrapped',
  'keeps the context bound through a rewrap',
  'does not rewrap under another context',
  'lets one call of many fail alone',
  'changes none of its arguments',
  'prints nothing',
  'tells neither the data key nor the context when it cannot unwrap',
]

function contextWith(what: string): string {
  return `does not unwrap under a context with ${what}`
}

/** Whether it was done, else the number of the status. */
async function answerOf(call: Promise<unknown>): Promise<readonly [done: boolean, status?: number]> {
  try {
    await call
    return [true]
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'number') throw error
    return [false, code]
  }
}
