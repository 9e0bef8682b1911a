import type { OperationClass } from '../../../src/audit/trail/audit-event.js'

/** A request to a transit engine, by its path. */
export interface TransitRequest {
  /** As the ledger names it: `transit/` and what is asked, and a verb where it would be a reading otherwise. */
  readonly operation: string
  readonly operationClass: OperationClass
  /** Of the key in the path. */
  readonly key: string | undefined
}

const USES: Readonly<Record<string, OperationClass>> = {
  encrypt: 'encrypt',
  decrypt: 'decrypt',
  rewrap: 'rewrap',
  sign: 'sign',
  verify: 'verify',
  hmac: 'mac',
  random: 'random',
}

/** What is below `keys/<name>/`. https://developer.hashicorp.com/vault/api-docs/secret/transit */
const KEY_CHANGES: Readonly<Record<string, OperationClass>> = {
  config: 'key-update',
  rotate: 'key-rotate',
  trim: 'key-update',
  import: 'key-create',
  import_version: 'key-rotate',
  'soft-delete': 'key-disable',
  'soft-delete-restore': 'key-restore',
}

const VERBS: Readonly<Record<string, OperationClass>> = {
  read: 'read',
  list: 'read',
  create: 'key-create',
  update: 'key-create',
  delete: 'key-delete',
}

/** `path` below the mount, `verb` as Vault writes it. */
export function transitRequest(path: string, verb: string): TransitRequest {
  const [first = '', ...rest] = path.split('/')
  const operation = `transit/${first}`
  if (first === 'keys') return keysRequest(rest, verb)
  // The key comes behind what is wanted of it.
  if (first === 'datakey' || first === 'export') {
    return { operation, operationClass: first === 'datakey' ? 'data-key' : 'other', key: rest[1] || undefined }
  }
  return { operation, operationClass: USES[first] ?? 'other', key: rest[0] || undefined }
}

function keysRequest([key, ...change]: readonly string[], verb: string): TransitRequest {
  const what = change.join('/')
  const operation = ['transit/keys', ...change].join('/')
  return {
    operation: verb === 'read' ? operation : `${verb} ${operation}`,
    operationClass: (what === '' ? VERBS[verb] : KEY_CHANGES[what]) ?? 'other',
    key: key || undefined,
  }
}
