import { formatText, metadataFromJson, metadataToJson, parseText } from 'waxseal'
import { type Comparison, compare } from '../harness/compare.js'
import type { Figure, Goal } from '../harness/figure.js'
import { type Case, oneByOne, synchronously } from '../harness/rounds.js'
import { localCipher, newBinding, secretText, textField } from './credential.js'
import { openWarm } from './envelopes.js'

interface Peer<In, Out> {
  encrypt(plaintext: In): Out | Promise<Out>
  decrypt(stored: Out): In | Promise<In>
}

interface Peers {
  typeormEncrypted(): Peer<string, string>
  awsUnsigned(): Peer<Buffer, Buffer>
  awsDefaultSuite(): Peer<Buffer, Buffer>
  jose(): Peer<Buffer, unknown>
  age(): Promise<Peer<Buffer, unknown>>
}

/** From the folder of their own, where they are installed. */
const loadPeers = (): Promise<Peers> => import(new URL('../../../test/bench/peers/peers.js', import.meta.url).href)

/** Encrypting and decrypting a secret of 256 characters, with other libraries and with this one: how many times longer they take. */
export async function peers(): Promise<Figure[]> {
  const { typeormEncrypted, awsUnsigned, awsDefaultSuite, jose, age } = await loadPeers()
  const text = secretText()
  const own = await ownCases(text)
  const bytes = Buffer.from(text)
  const comparisons = [
    ...staticKey(typeormEncrypted(), text, own),
    ...(await envelopes('aws-unsigned', 'AWS Encryption SDK, not signed', awsUnsigned(), bytes, own, { atLeast: 40 })),
    ...(await envelopes('aws-default', 'AWS Encryption SDK, its default suite', awsDefaultSuite(), bytes, own, {
      atLeast: 300,
    })),
    ...(await envelopes('jose', 'jose, A256KW and A256GCM', jose(), bytes, own, { atLeast: 12 })),
    ...(await envelopes('age', 'age-encryption, X25519', await age(), bytes, own, { atLeast: 10 })),
  ]
  return compare(comparisons, { rounds: 11, sliceMs: 15, warmUpRounds: 6 })
}

type Own = Readonly<Record<'encrypt' | 'encryptFresh' | 'decryptWarm' | 'decryptCold', Case>>

/** From a string to what stands in the two columns, and back. */
async function ownCases(text: string): Promise<Own> {
  const [cipher, coldCipher] = [localCipher(), localCipher({ cache: false })]
  const binding = newBinding()
  const envelope = await cipher.mint(binding)
  const row = {
    metadata: metadataToJson(envelope.metadata),
    password: formatText(envelope.encryptField(textField, text)),
  }
  const coldEnvelope = await coldCipher.mint(binding)
  const coldRow = {
    metadata: metadataToJson(coldEnvelope.metadata),
    password: formatText(coldEnvelope.encryptField(textField, text)),
  }
  return {
    encrypt: { name: 'encrypt', run: synchronously(() => formatText(envelope.encryptField(textField, text))) },
    encryptFresh: {
      name: 'encrypt fresh',
      run: oneByOne(async () => {
        const fresh = await cipher.mint(binding)
        return { metadata: metadataToJson(fresh.metadata), password: formatText(fresh.encryptField(textField, text)) }
      }),
    },
    decryptWarm: {
      name: 'decrypt warm',
      run: synchronously(() => {
        const opened = openWarm(cipher, { metadata: metadataFromJson(row.metadata), binding })
        return opened.decryptField(textField, parseText(row.password))
      }),
    },
    decryptCold: {
      name: 'decrypt cold',
      run: oneByOne(async () => {
        const opened = await coldCipher.open(metadataFromJson(coldRow.metadata), binding)
        return opened.decryptField(textField, parseText(coldRow.password))
      }),
    },
  }
}

/** It has no data keys, so what it does is what we do with the data key at hand. */
function staticKey(peer: Peer<string, string>, text: string, own: Own): Comparison[] {
  const stored = peer.encrypt(text) as string
  // A key that is handed over as bytes costs much more on Node 24.
  const goal = { atLeast: Number(process.versions.node.split('.')[0]) >= 24 ? 2 : 1 }
  return [
    {
      ...{ id: 'typeorm-encrypted-encrypt', title: 'typeorm-encrypted, AES-256-GCM: encrypt', goal, base: own.encrypt },
      run: synchronously(() => peer.encrypt(text)),
    },
    {
      ...{
        id: 'typeorm-encrypted-decrypt',
        title: 'typeorm-encrypted, AES-256-GCM: decrypt',
        goal,
        base: own.decryptWarm,
      },
      run: synchronously(() => peer.decrypt(stored)),
    },
  ]
}

async function envelopes<Out>(
  id: string,
  title: string,
  peer: Peer<Buffer, Out>,
  bytes: Buffer,
  own: Own,
  goal: Goal,
): Promise<Comparison[]> {
  const stored = await peer.encrypt(bytes)
  return [
    {
      ...{ id: `${id}-encrypt`, title: `${title}: encrypt`, goal, base: own.encryptFresh },
      run: oneByOne(async () => peer.encrypt(bytes)),
    },
    {
      ...{ id: `${id}-decrypt`, title: `${title}: decrypt`, goal, base: own.decryptCold },
      run: oneByOne(async () => peer.decrypt(stored)),
    },
  ]
}
