import { randomBytes } from 'node:crypto'
import { decryptUnder, encryptUnder } from './ciphertext.js'
import { TransitKey, type TransitKeys } from './keys.js'
import { refusalOf, VaultRefusal } from './vault-refusal.js'

type Body = Readonly<Record<string, unknown>>

export interface TransitRequest {
  readonly body: Body
  /** Namespace, mount and name of the key. */
  readonly path: string
  readonly name: string
  readonly keys: TransitKeys
  readonly now: Date
}

/** The default of OpenBao's `max_request_json_strings`. */
const MAX_STRINGS = 1_000

/** By method and operation. Undefined: 204. */
export const OPERATIONS: Readonly<Record<string, (request: TransitRequest) => object | undefined>> = {
  'GET keys': ({ path, keys }) => existing(keys, path).describe(),
  'POST keys'({ body, path, name, keys, now }) {
    if (!keys.find(path)) keys.set(path, new TransitKey(name, body, now))
    return existing(keys, path).describe()
  },
  'DELETE keys': ({ path, keys }) => void keys.delete(path),
  'POST rotate'({ path, keys, now }) {
    const key = existing(keys, path)
    key.rotate(now)
    return key.describe()
  },
  'POST config'({ body, path, keys }) {
    const key = existing(keys, path)
    Object.assign(key.settings, body)
    return key.describe()
  },
  'DELETE soft-delete'({ path, keys }) {
    existing(keys, path).isSoftDeleted = true
    return undefined
  },
  'POST soft-delete-restore'({ path, keys }) {
    existing(keys, path).isSoftDeleted = false
    return undefined
  },

  'POST datakey/plaintext'({ body, path, keys }) {
    const key = keys.usable(path)
    const plaintext = randomBytes(Number(body['bits'] ?? 256) / 8).toString('base64')
    return { plaintext, ...encrypted(key, plaintext, body['context']) }
  },
  'POST encrypt'({ body, path, name, keys, now }) {
    // As Vault does for whoever may: a misspelt name makes a key.
    if (!keys.find(path)) {
      keys.set(path, new TransitKey(name, { ...body, derived: body['context'] !== undefined }, now))
    }
    return encrypted(keys.usable(path), body['plaintext'], body['context'])
  },
  'POST sign'({ body, path, keys }) {
    const key = keys.usable(path)
    return { signature: key.sign(Buffer.from(String(body['input']), 'base64')), key_version: key.latestVersion }
  },
  'POST decrypt': ({ body, path, keys }) => decrypted(keys.usable(path), body),
  'POST rewrap'({ body, path, keys }) {
    const key = keys.usable(path)
    const items = body['batch_input'] as readonly Body[] | undefined
    if (!items) return rewrapped(key, body)
    if (items.length === 0) throw new VaultRefusal(400, 'missing batch input to process')
    // Names count too.
    if (items.flatMap(Object.entries).flat().length >= MAX_STRINGS) {
      throw new VaultRefusal(400, 'refused JSON input due to high complexity: exceeded maximum number of strings')
    }
    return { batch_results: items.map((item) => resultOf(key, item)) }
  },
}

function existing(keys: TransitKeys, path: string): TransitKey {
  const key = keys.find(path)
  if (key) return key
  throw new VaultRefusal(404, '')
}

function encrypted(key: TransitKey, plaintext: unknown, context: unknown) {
  return { ciphertext: encryptUnder(key, plaintext, context), key_version: key.latestVersion }
}

function decrypted(key: TransitKey, { ciphertext, context }: Body) {
  return { plaintext: decryptUnder(key, ciphertext, context).toString('base64') }
}

function rewrapped(key: TransitKey, item: Body) {
  return encrypted(key, decrypted(key, item).plaintext, item['context'])
}

function resultOf(key: TransitKey, item: Body): object {
  const { reference } = item
  try {
    return { ...rewrapped(key, item), reference }
  } catch (error) {
    return { error: refusalOf(error).message, reference }
  }
}
