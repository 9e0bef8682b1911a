import { createHash, randomUUID } from 'node:crypto'

export interface LineOptions {
  readonly id?: string
  readonly time?: string
  readonly type?: 'request' | 'response'
  readonly path?: string
  readonly operation?: string
  readonly request?: object
  readonly response?: object
  readonly auth?: object
  readonly error?: string
  /** What a device mixes into its HMACs. */
  readonly salt?: string
}

const hmac = (salt: string, text: string) =>
  `hmac-sha256:${createHash('sha256')
    .update(salt + text)
    .digest('hex')}`

/** A line as the file device of OpenBao writes it: of a decryption by an AppRole, if nothing else is said. */
export function auditLine(options: LineOptions = {}): string {
  const { id = randomUUID(), type = 'response', path = 'transit/decrypt/waxseal', operation = 'update' } = options
  const { time = '2026-03-01T12:00:00.123456789Z', salt = '', error } = options
  return JSON.stringify({
    ...{ time, type },
    auth: {
      client_token: hmac(salt, 'token'),
      accessor: hmac(salt, 'accessor'),
      ...{ display_name: 'approle', entity_id: 'e-1', policies: ['writer'], token_type: 'service' },
      ...options.auth,
    },
    request: {
      ...{ id, operation, path, mount_type: 'transit', mount_point: 'transit/', namespace: { id: 'root' } },
      ...{ client_token: hmac(salt, 'token'), remote_address: '10.0.0.7', remote_port: 40_000 },
      data: { ciphertext: hmac(salt, 'ciphertext'), context: hmac(salt, 'context') },
      ...options.request,
    },
    ...(type === 'response' && { response: { mount_type: 'transit', data: options.response ?? {} } }),
    ...(error !== undefined && { error }),
  })
}
