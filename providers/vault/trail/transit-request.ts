import type { OperationClass } from '../../../src/audit/trail/audit-event.js'

/** A request to a transit engine, by its path. */
export interface TransitRequest {
  /** As the ledger names it: `transit/` and what is asked, and a verb where it would be a reading otherwise. */
  readonly operation: string
  readonly operationClass: OperationClass
  /** Of the key in the path. */
  readonly key: string | undefined
}

/** Of no key: what follows is an algorithm or a number. */
const KEYLESS = classes({
  random: 'random',
  hash: 'other',
  config: 'other',
  'cache-config': 'other',
  wrapping_key: 'read',
})

const USES = classes({
  encrypt: 'encrypt',
  decrypt: 'decrypt',
  rewrap: 'rewrap',
  sign: 'sign',
  verify: 'verify',
  hmac: 'mac',
  cmac: 'mac',
  // The key leaves the engine.
  backup: 'decrypt',
  // From a backup.
  restore: 'key-restore',
  // Of what two keys agree on, which stays in the engine.
  'derive-key': 'key-create',
})

/** Where the key comes behind what is wanted of it, or behind the one that it is wrapped with. */
const USES_OF_SECOND = classes({ datakey: 'data-key', export: 'decrypt', 'byok-export': 'decrypt' })
const PUBLIC = ['public-key', 'certificate-chain']

/** What is below `keys/<name>/`. https://developer.hashicorp.com/vault/api-docs/secret/transit */
const KEY_CHANGES = classes({
  config: 'key-update',
  rotate: 'key-rotate',
  trim: 'key-update',
  import: 'key-create',
  import_version: 'key-rotate',
  csr: 'sign',
  'set-certificate': 'key-update',
  'soft-delete': 'key-disable',
  'soft-delete-restore': 'key-restore',
})

const VERBS = classes({
  read: 'read',
  list: 'read',
  create: 'key-create',
  update: 'key-create',
  delete: 'key-delete',
})

/** `path` below the mount, `verb` as Vault writes it. */
export function transitRequest(path: string, verb: string): TransitRequest {
  const [first = '', ...rest] = path.split('/')
  const operation = `transit/${first}`
  if (first === 'keys') return keysRequest(rest, verb)
  const keyless = KEYLESS.get(first)
  if (keyless !== undefined) return { operation, operationClass: verb === 'read' ? 'read' : keyless, key: undefined }
  const second = USES_OF_SECOND.get(first)
  if (second !== undefined) {
    const isPublic = first === 'export' && PUBLIC.includes(rest[0] ?? '')
    return { operation, operationClass: isPublic ? 'read' : second, key: rest[1] || undefined }
  }
  return { operation, operationClass: USES.get(first) ?? 'other', key: rest[0] || undefined }
}

function keysRequest([key, ...change]: readonly string[], verb: string): TransitRequest {
  const what = change.join('/')
  const operation = ['transit/keys', ...change].join('/')
  return {
    operation: verb === 'read' ? operation : `${verb} ${operation}`,
    operationClass: (what === '' ? VERBS.get(verb) : KEY_CHANGES.get(what)) ?? 'other',
    key: key || undefined,
  }
}

/** A map, as whoever asks names what is looked up: an object has `constructor`. */
function classes(byName: Readonly<Record<string, OperationClass>>): ReadonlyMap<string, OperationClass> {
  return new Map(Object.entries(byName))
}
