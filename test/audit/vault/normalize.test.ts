import { expect, test } from '@jest/globals'
import { vaultTrail } from '../../../providers/vault/audit-trail.js'
import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import { auditLine, type LineOptions } from './lines.js'

const normalize = (raw: string) => vaultTrail.normalize({ raw })

function eventOf(options: LineOptions): AuditEvent {
  const found = normalize(auditLine(options))
  if (!('event' in found)) throw new Error(`expected an event, found ${JSON.stringify(found)}`)
  return found.event
}

test('request and response are one event, which is the response', () => {
  const pair = { id: 'r-1', path: 'transit/encrypt/waxseal', response: { key_version: 3 } }
  expect(normalize(auditLine({ ...pair, type: 'request' }))).toEqual({ ignored: expect.stringContaining('response') })
  expect(eventOf(pair)).toEqual({
    ...{ uid: 'r-1|response', uidQuality: 'native', requestId: 'r-1', scope: '', kind: 'call' },
    ...{ time: new Date('2026-03-01T12:00:00.123Z'), timeText: '2026-03-01T12:00:00.123456789Z' },
    ...{ operation: 'transit/encrypt', operationClass: 'encrypt', outcome: 'success', status: 'ok' },
    ...{ kekId: 'transit/waxseal', kekVersion: '3', source: '10.0.0.7' },
    ...{ principal: 'e-1', principalName: 'approle', principalType: 'service' },
    credentialId: expect.stringMatching(/^hmac-sha256:/),
    content: expect.any(Object),
  })
})

test('a record without request.id has a uid made of the record', () => {
  const found = eventOf({
    path: 'sys/audit/file',
    request: { id: undefined, mount_type: 'system', mount_point: 'sys/' },
  })
  expect(found).toMatchObject({ uidQuality: 'content', uid: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(found.requestId).toBeUndefined()
})

test.each([
  ['transit/datakey/plaintext/k', 'update', 'transit/datakey', 'data-key', 'transit/k'],
  ['transit/datakey/wrapped/k', 'update', 'transit/datakey', 'data-key', 'transit/k'],
  ['transit/decrypt/k', 'update', 'transit/decrypt', 'decrypt', 'transit/k'],
  ['transit/rewrap/k', 'update', 'transit/rewrap', 'rewrap', 'transit/k'],
  ['transit/hmac/k/sha2-256', 'update', 'transit/hmac', 'mac', 'transit/k'],
  ['transit/keys/k', 'read', 'transit/keys', 'read', 'transit/k'],
  ['transit/keys/k', 'update', 'update transit/keys', 'key-create', 'transit/k'],
  ['transit/keys/k', 'delete', 'delete transit/keys', 'key-delete', 'transit/k'],
  ['transit/keys/k/rotate', 'update', 'update transit/keys/rotate', 'key-rotate', 'transit/k'],
  ['transit/keys/k/config', 'update', 'update transit/keys/config', 'key-update', 'transit/k'],
  ['transit/keys/k/soft-delete', 'update', 'update transit/keys/soft-delete', 'key-disable', 'transit/k'],
  ['transit/keys/k/csr', 'update', 'update transit/keys/csr', 'sign', 'transit/k'],
  ['transit/keys/', 'list', 'list transit/keys', 'read', undefined],
  ['transit/export/encryption-key/k/1', 'read', 'transit/export', 'decrypt', 'transit/k'],
  ['transit/byok-export/other/k', 'read', 'transit/byok-export', 'decrypt', 'transit/k'],
  ['transit/backup/k', 'read', 'transit/backup', 'decrypt', 'transit/k'],
  ['transit/restore/k', 'update', 'transit/restore', 'key-restore', 'transit/k'],
  ['transit/random/platform/32', 'update', 'transit/random', 'random', undefined],
  ['transit/hash/sha2-256', 'update', 'transit/hash', 'other', undefined],
  ['transit/wrapping_key', 'read', 'transit/wrapping_key', 'read', undefined],
  ['transit/constructor/k', 'constructor', 'transit/constructor', 'other', 'transit/k'],
  ['transit/what-comes-next/k', 'update', 'transit/what-comes-next', 'other', 'transit/k'],
  ['transit/export/public-key/k', 'read', 'transit/export', 'read', 'transit/k'],
  ['transit/cache-config', 'read', 'transit/cache-config', 'read', undefined],
  ['transit/keys/transit/config', 'update', 'update transit/keys/config', 'key-update', 'transit/transit'],
  ['auth/approle/login', 'update', 'auth/approle/login', 'authentication', undefined],
  ['auth/approle/role/x', 'update', 'auth/approle/role/x', 'policy', undefined],
  ['auth/approle/role/x', 'read', 'auth/approle/role/x', 'authentication', undefined],
  ['auth/approle/role/x/secret-id', 'update', 'auth/approle/role/x/secret-id', 'authentication', undefined],
  ['auth/userpass/users/u', 'create', 'create auth/userpass/users/u', 'policy', undefined],
  ['identity/group', 'update', 'identity/group', 'policy', undefined],
  ['sys/auth/jwt', 'update', 'sys/auth/jwt', 'policy', undefined],
  ['sys/raw/core/keyring', 'read', 'sys/raw/core/keyring', 'decrypt', undefined],
  ['sys/storage/raft/snapshot', 'read', 'sys/storage/raft/snapshot', 'decrypt', undefined],
  ['sys/storage/raft/snapshot-force', 'update', 'sys/storage/raft/snapshot-force', 'key-restore', undefined],
  ['auth/token/lookup-self', 'read', 'auth/token/lookup-self', 'authentication', undefined],
  ['sys/policies/acl/writer', 'update', 'sys/policies/acl/writer', 'policy', undefined],
  ['sys/mounts/transit', 'delete', 'delete sys/mounts/transit', 'key-delete', undefined],
  ['sys/mounts/transit/tune', 'update', 'sys/mounts/transit/tune', 'other', undefined],
  ['sys/generate-root/update', 'update', 'sys/generate-root/update', 'policy', undefined],
  ['sys/rotate', 'update', 'sys/rotate', 'other', undefined],
])('%s, %s', (path, operation, name, operationClass, kekId) => {
  expect(eventOf({ path, operation })).toMatchObject({ kind: 'call', operation: name, operationClass })
  expect(eventOf({ path, operation }).kekId).toBe(kekId)
})

test('a key is spelt as in KEK refs: with its namespace, in a mount of several parts, and where no engine is mounted', () => {
  const namespace = { id: 'TFavl8', path: 'team/' }
  const point = (mount_point: string | undefined, more = {}) => ({ request: { mount_point, ...more } })
  const within = { path: 'transit/decrypt/k', ...point('team/transit/', { namespace }) }
  expect(eventOf(within).kekId).toBe('team/transit/k')
  expect(eventOf({ path: 'a/b/decrypt/k', ...point('a/b/') }).kekId).toBe('a/b/k')
  // Servers that write the mount without its namespace.
  expect(eventOf({ path: 'a/b/sign/k', ...point('a/b/', { namespace }) }).kekId).toBe('team/a/b/k')
  expect(eventOf({ path: 'team/sign/k', ...point('team/', { namespace }) }).kekId).toBe('team/team/k')
  // As older servers write it, and as a line of a mount that is gone is.
  expect(eventOf({ path: 'transit/decrypt/k', ...point(undefined, { namespace }) }).kekId).toBe('team/transit/k')
  const older = (path: string) => eventOf({ path, ...point(undefined, { mount_type: undefined, namespace }) })
  expect(older('transit/sign/k')).toMatchObject({ kekId: 'team/transit/k', operationClass: 'sign' })
  expect(older('other/export/encryption-key/k')).toMatchObject({ kekId: 'team/other/k', operationClass: 'decrypt' })
  const gone = { path: 'gone/decrypt/k', ...point(undefined, { mount_type: undefined }), error: 'no handler for route' }
  expect(eventOf(gone)).toMatchObject({ kekId: 'gone/k', outcome: 'error' })
})

test('a batch is one event; it names the version where all of its results do', () => {
  const batch = (versions: readonly (number | undefined)[]) => ({
    path: 'transit/rewrap/k',
    response: { batch_results: versions.map((key_version) => ({ key_version, reference: 'hmac-sha256:0' })) },
  })
  expect(eventOf(batch([2, 2, undefined])).kekVersion).toBe('2')
  expect(eventOf(batch([2, 3])).kekVersion).toBeUndefined()
})

test.each([
  ['1 error occurred:\n\t* permission denied\n\n', 'denied', 'permission denied'],
  ['permission denied', 'denied', 'permission denied'],
  ['invalid role or secret ID', 'denied', 'invalid role or secret ID'],
  ['bad token', 'denied', 'bad token'],
  ['request path "transit/decrypt/k": rate limit quota exceeded', 'throttled', expect.stringContaining('quota')],
  ['1 error occurred:\n\t* invalid request\n\n', 'error', 'invalid request'],
])('the outcome of %j is %s', (error, outcome, status) => {
  expect(eventOf({ error })).toMatchObject({ outcome, status, statusDetail: error })
})

test.each([
  ['an answer', { error: 'hmac-sha256:0' }, 'error'],
  ['each part of a batch', { batch_results: [{ error: 'hmac-sha256:0' }, { error: 'hmac-sha256:1' }] }, 'error'],
  ['a part of a batch', { batch_results: [{ error: 'hmac-sha256:0' }, { key_version: 1 }] }, 'success'],
])('%s that says what went wrong, without an error of the request', (_what, response, outcome) => {
  expect(eventOf({ response })).toMatchObject({ outcome })
})

test('who logs in is known by the answer', () => {
  const line = JSON.parse(auditLine({ path: 'auth/approle/login', auth: { display_name: '', entity_id: '' } }))
  const auth = { display_name: 'approle', entity_id: 'e-2', accessor: 'hmac-sha256:2' }
  const found = normalize(JSON.stringify({ ...line, auth: { token_type: 'default' }, response: { auth } }))
  expect(found).toMatchObject({ event: { principal: 'e-2', principalName: 'approle', credentialId: 'hmac-sha256:2' } })
})

test.each(['@cee: ', '<14>Mar  1 12:00:00 host vault[7]: ', '\ufeff'])('a line that begins with %j', (prefix) => {
  const line = auditLine({ id: 'r-1' })
  expect(normalize(`${prefix}${line}\r`)).toEqual(normalize(line))
})

test('a line that is alone in a list', () => {
  const line = auditLine({ id: 'r-1' })
  expect(normalize(`[${line}]`)).toEqual(normalize(line))
})

test.each(['log', 'message', 'MESSAGE'])('a line that is text in the member %s of another’s JSON', (member) => {
  const line = auditLine({ id: 'r-1' })
  expect(normalize(JSON.stringify({ [member]: `${line}\n`, stream: 'stdout' }))).toEqual(normalize(line))
})

test('the token of the call, where its header is written in clear; hashed it says nothing', () => {
  const header = (value: unknown) => ({ request: { headers: { 'x-waxseal-call': value } } })
  expect(eventOf(header(['token-1'])).callToken).toBe('token-1')
  expect(eventOf(header([`hmac-sha256:${'0'.repeat(64)}`])).callToken).toBeUndefined()
  expect(eventOf({}).callToken).toBeUndefined()
})

test('changes of the trail are told; a device that is opened is nobody’s doing', () => {
  const system = { mount_type: 'system', mount_point: 'sys/' }
  for (const path of ['sys/audit/file', 'sys/config/auditing/request-headers/x-waxseal-call']) {
    expect(eventOf({ path, operation: 'delete', request: system })).toMatchObject({
      ...{ kind: 'logging', operation: `delete ${path}`, operationClass: 'logging' },
    })
  }
  const opened = { type: 'request', path: 'sys/audit/test', request: { mount_type: undefined } } as const
  expect(eventOf({ ...opened, id: 'r-2' })).toMatchObject({ kind: 'lifecycle', uid: 'r-2|request' })
})

test('other engines, readings of the system and help are of no concern', () => {
  for (const line of [
    auditLine({ path: 'secret/data/x', request: { mount_type: 'kv', mount_point: 'secret/' } }),
    auditLine({ path: 'kv/encrypt/x', request: { mount_type: 'kv', mount_point: 'kv/' } }),
    auditLine({ path: 'sys/audit', operation: 'read' }),
    auditLine({ path: 'sys/internal/ui/mounts', operation: 'read' }),
    auditLine({ path: 'transit/', operation: 'help' }),
    auditLine({ path: 'identity/entity', operation: 'list' }),
    '{"type":"kmip-response","time":"2026-03-01T12:00:00Z","request":{"data":{}}}',
  ]) {
    expect(normalize(line)).toEqual({ ignored: expect.any(String) })
  }
})

test('a line of another kind, and one without a time, are put aside', () => {
  const local = auditLine({ time: '2026-03-01 12:00' })
  const two = `[${auditLine()},${auditLine()}]`
  for (const line of [
    '',
    '[]',
    '"x"',
    '{}',
    '{"type":"reply"}',
    '<json:object/>',
    auditLine({ time: 'yesterday' }),
    local,
    two,
  ]) {
    expect(normalize(line)).toEqual({ quarantined: expect.any(String) })
  }
})
