import { randomBytes } from 'node:crypto'
import { formatText, metadataFromJson, metadataToJson, parseText } from 'waxseal'
import { type Comparison, compare } from '../harness/compare.js'
import type { Figure } from '../harness/figure.js'
import { oneByOne, synchronously } from '../harness/rounds.js'
import { bytesField, localCipher, newBinding, SECRET_BYTES, secretText, textField } from './credential.js'
import { cycle, openWarm, storeEnvelopes } from './envelopes.js'
import { rawGcm } from './raw.js'

/** One field of 256 bytes, and one of 1 MiB, against the same with `node:crypto` alone. */
export async function crypto(): Promise<Figure[]> {
  return [
    ...(await compare(await credentialCases(), { rounds: 25, sliceMs: 10 })),
    ...(await compare(await largeCases(), { rounds: 25, sliceMs: 10 })),
  ]
}

export async function credentialCases(): Promise<Comparison[]> {
  const plaintext = randomBytes(SECRET_BYTES)
  const text = secretText()
  const raw = rawGcm(plaintext)
  const [cipher, coldCipher] = [localCipher(), localCipher()]
  const binding = newBinding()
  const envelope = await cipher.mint(binding)
  const warm = cycle(await storeEnvelopes(cipher, plaintext))
  const cold = cycle(await storeEnvelopes(coldCipher, plaintext), () => coldCipher.forgetAll())
  const row = {
    metadata: metadataToJson(envelope.metadata),
    password: formatText(envelope.encryptField(textField, text)),
  }
  return [
    {
      id: 'encrypt',
      title: 'encrypt, data key at hand',
      goal: { atMost: 1.3 },
      base: raw.encrypt,
      run: synchronously(() => envelope.encryptField(bytesField, plaintext)),
    },
    {
      id: 'encrypt-text',
      title: 'encrypt for a text column, data key at hand',
      goal: { atMost: 1.5 },
      base: raw.encrypt,
      run: synchronously(() => formatText(envelope.encryptField(textField, text))),
    },
    {
      id: 'encrypt-fresh',
      title: 'encrypt under a new data key, wrapped locally',
      goal: { atMost: 4 },
      base: raw.encrypt,
      run: oneByOne(async () => (await cipher.mint(binding)).encryptField(bytesField, plaintext)),
    },
    {
      id: 'decrypt-warm',
      title: 'decrypt, data key cached',
      goal: { atMost: 1.4 },
      base: raw.decrypt,
      run: synchronously(() => {
        const stored = warm()
        return openWarm(cipher, stored).decryptField(bytesField, stored.field)
      }),
    },
    {
      id: 'decrypt-cold',
      title: 'decrypt, data key unwrapped locally',
      goal: { atMost: 3 },
      base: raw.decrypt,
      run: oneByOne(async () => {
        const { metadata, binding, field } = cold()
        return (await coldCipher.open(metadata, binding)).decryptField(bytesField, field)
      }),
    },
    {
      id: 'decrypt-row',
      title: 'decrypt from a text column and its metadata, data key cached',
      base: raw.decrypt,
      run: synchronously(() => {
        const metadata = metadataFromJson(row.metadata)
        return openWarm(cipher, { metadata, binding }).decryptField(textField, parseText(row.password))
      }),
    },
  ]
}

async function largeCases(): Promise<Comparison[]> {
  const plaintext = randomBytes(2 ** 20)
  const raw = rawGcm(plaintext)
  const envelope = await localCipher().mint(newBinding())
  const field = envelope.encryptField(bytesField, plaintext)
  return [
    {
      id: 'encrypt-1mib',
      title: 'encrypt 1 MiB',
      goal: { atMost: 1.1 },
      base: raw.encrypt,
      run: synchronously(() => envelope.encryptField(bytesField, plaintext)),
    },
    {
      id: 'decrypt-1mib',
      title: 'decrypt 1 MiB',
      goal: { atMost: 1.1 },
      base: raw.decrypt,
      run: synchronously(() => envelope.decryptField(bytesField, field)),
    },
  ]
}
