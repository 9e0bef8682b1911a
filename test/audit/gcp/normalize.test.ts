import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import { normalizeGcp } from '../../../providers/gcp/trail/normalize.js'
import { eventOf } from '../trail/event-of.js'
import { gcpEntry, gcpEvent, KEY } from './records.js'

const PROTOS = createRequire(import.meta.url)('@google-cloud/kms/build/protos/protos.json')
const RING = KEY.slice(0, KEY.indexOf('/cryptoKeys/'))

test('gcp: an entry becomes an event', () => {
  expect(gcpEvent({}, { insertId: 'a1' })).toEqual({
    uid: expect.stringMatching(/^[0-9a-f]{64}$/),
    uidQuality: 'composite',
    scope: 'projects/shop',
    time: new Date('2026-11-05T10:00:00.123Z'),
    timeText: '2026-11-05T10:00:00.123456789Z',
    receivedAt: new Date('2026-11-05T10:00:01.500Z'),
    kind: 'call',
    operation: 'Decrypt',
    operationClass: 'decrypt',
    outcome: 'success',
    principal: 'app@shop.iam.gserviceaccount.com',
    principalType: 'serviceAccount',
    source: '203.0.113.7',
    kekId: KEY,
    content: expect.any(Object),
  })
})

describe('gcp: which key', () => {
  test('gcp: the number of a project becomes its id, and what was asked for is kept', () => {
    const numbered = KEY.replace('shop', '123456789012')
    const event = gcpEvent({ resourceName: numbered, request: { name: numbered } })
    expect(event).toMatchObject({ kekId: KEY, requestedKey: numbered, scope: 'projects/shop' })
    expect(gcpEvent().requestedKey).toBeUndefined()
  })

  test.each([
    ['in the name of the resource', { resourceName: `${KEY}/cryptoKeyVersions/7` }],
    ['in the name of the request', { request: { name: `${KEY}/cryptoKeyVersions/7` } }],
    ['in the name of what was answered', { response: { name: `${KEY}/cryptoKeyVersions/7` } }],
    [
      'as the new primary version',
      { methodName: 'UpdateCryptoKeyPrimaryVersion', request: { cryptoKeyVersionId: '7' } },
    ],
  ])('gcp: the version stands %s', (_where, payload) => {
    expect(gcpEvent(payload)).toMatchObject({ kekId: KEY, kekVersion: '7' })
  })

  test.each([
    ['with the service before it', { resourceName: `//cloudkms.googleapis.com/${KEY}` }],
    ['in the request alone', { resourceName: undefined }],
    ['by its ring, where it is new', { resourceName: RING, request: { parent: RING, cryptoKeyId: 'kek' } }],
  ])('gcp: the key stands %s', (_where, payload) => {
    expect(gcpEvent(payload)).toMatchObject({ kekId: KEY })
    expect(gcpEvent(payload)).not.toHaveProperty('requestedKey')
  })

  test('gcp: where the label is missing, the log has the id of the project', () => {
    const numbered = KEY.replace('shop', '123456789012')
    const request = { name: numbered }
    expect(gcpEvent({ resourceName: numbered, request }, { resource: {} })).toMatchObject({ kekId: KEY })
  })

  test('gcp: what is in a ring and no key has none', () => {
    const payload = { methodName: 'CreateImportJob', resourceName: RING, request: { parent: RING, importJobId: 'j' } }
    expect(gcpEvent(payload, { resource: {} })).not.toHaveProperty('kekId')
  })

  test('gcp: the version of another key in the request is not taken for that of the resource', () => {
    expect(gcpEvent({ request: { name: `${KEY}2/cryptoKeyVersions/7` } })).not.toHaveProperty('kekVersion')
  })
})

test.each([
  ['in the labels alone', { resourceName: undefined, request: undefined }],
  [
    'in the handle that was made for it',
    { resourceName: 'projects/shop/locations/l/keyHandles/h', request: {}, response: { kmsKey: KEY } },
  ],
])('gcp: the key stands %s', (_where, payload) => {
  expect(gcpEvent(payload)).toMatchObject({ kekId: KEY })
})

test('gcp: every method of the service has a class', () => {
  const { nested } = PROTOS.nested.google.nested.cloud.nested.kms.nested.v1
  const methods = Object.values<{ methods?: object }>(nested).flatMap((each) => Object.keys(each.methods ?? {}))
  expect(methods.length).toBeGreaterThan(40)
  expect(methods.filter((methodName) => gcpEvent({ methodName }).operationClass === 'other')).toEqual([])
})

describe('gcp: what became of it', () => {
  test.each([
    [0, 'success'],
    [3, 'error'],
    [5, 'error'],
    [7, 'denied'],
    [8, 'throttled'],
    [9, 'error'],
    [16, 'denied'],
    [6, 'error'],
    ['PERMISSION_DENIED', 'denied'],
    ['OK', 'success'],
  ])('gcp: a status with code %s is %s', (code, outcome) => {
    expect(gcpEvent({ status: { code } })).toMatchObject({ outcome })
  })

  test('gcp: an empty status is a success; without one, a permission that is not said to be granted was refused', () => {
    const authorizationInfo = [{ permission: 'cloudkms.cryptoKeyVersions.useToDecrypt' }]
    expect(gcpEvent({ status: {}, authorizationInfo })).toMatchObject({ outcome: 'success' })
    expect(gcpEvent({ status: undefined, authorizationInfo })).toMatchObject({
      outcome: 'denied',
      statusDetail: 'not granted: cloudkms.cryptoKeyVersions.useToDecrypt',
    })
    const granted = [{ ...authorizationInfo[0], granted: true }]
    expect(gcpEvent({ status: undefined, authorizationInfo: granted })).toMatchObject({ outcome: 'success' })
  })
})

describe('gcp: what was done', () => {
  test.each([
    ['ENABLED', 'state', 'key-enable'],
    ['DISABLED', 'state', 'key-disable'],
    ['DISABLED', { paths: ['state'] }, 'key-disable'],
    [2, undefined, 'key-disable'],
    ['DISABLED', 'labels', 'key-update'],
  ])('gcp: UpdateCryptoKeyVersion to %s with the mask %j is %s', (state, updateMask, operationClass) => {
    const request = { cryptoKeyVersion: { state }, updateMask }
    expect(gcpEvent({ methodName: 'UpdateCryptoKeyVersion', request })).toMatchObject({ operationClass })
  })

  test('gcp: a method by its full name, and one that nobody knows', () => {
    const methodName = 'google.cloud.kms.v1.KeyManagementService.Encrypt'
    expect(gcpEvent({ methodName })).toMatchObject({ operation: 'Encrypt', operationClass: 'encrypt' })
    expect(gcpEvent({ methodName: 'Transmogrify', new: [1] })).toMatchObject({
      kind: 'call',
      operation: 'Transmogrify',
      operationClass: 'other',
    })
  })

  test.each(['CreateSink', 'DeleteSink', 'UpdateExclusion', 'UpdateBucket', 'DeleteLog'])(
    'gcp: %s changes what is logged',
    (method) => {
      const payload = {
        serviceName: 'logging.googleapis.com',
        methodName: `google.logging.v2.ConfigServiceV2.${method}`,
        resourceName: 'projects/shop/sinks/x',
      }
      expect(gcpEvent(payload)).toMatchObject({ kind: 'logging', operationClass: 'logging', operation: method })
    },
  )

  test('gcp: a policy that changes what is audited is a change of the logging; another of another service is ignored', () => {
    const payload = (policyDelta: object) => ({
      serviceName: 'cloudresourcemanager.googleapis.com',
      methodName: 'SetIamPolicy',
      resourceName: 'projects/shop',
      serviceData: { policyDelta },
    })
    expect(gcpEvent(payload({ auditConfigDeltas: [{ action: 'REMOVE' }] }))).toMatchObject({ kind: 'logging' })
    const other = gcpEntry(payload({ bindingDeltas: [{ action: 'ADD' }] }))
    expect(normalizeGcp({ raw: JSON.stringify(other) })).toEqual({ ignored: 'another service' })
    const { protoPayload, ...entry } = gcpEntry(payload({ auditConfigDeltas: [{ action: 'REMOVE' }] }))
    const { serviceData, ...columns } = protoPayload as Record<string, unknown>
    const row = { ...entry, protopayload_auditlog: { ...columns, servicedata_v1_iam: serviceData } }
    expect(normalizeGcp({ raw: JSON.stringify(row) })).toMatchObject({ event: { kind: 'logging' } })
    expect(gcpEvent({ methodName: 'SetIamPolicy' })).toMatchObject({ kind: 'call', operationClass: 'policy' })
  })

  test('gcp: a rotation that the service made by itself has no caller', () => {
    const jsonPayload = { '@type': 'type.googleapis.com/google.cloud.kms.logging.v1.CryptoKeyEvent', rotationEvent: {} }
    expect(gcpEvent({}, { protoPayload: undefined, jsonPayload })).toMatchObject({
      kind: 'lifecycle',
      operation: 'Rotation',
      operationClass: 'key-rotate',
      outcome: 'success',
      kekId: KEY,
    })
  })
})

describe('gcp: who asked', () => {
  test('gcp: a workload identity is its subject', () => {
    const principalSubject =
      'principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s'
    expect(gcpEvent({ authenticationInfo: { principalSubject } })).toMatchObject({
      principal: principalSubject,
      principalType: 'principal',
    })
  })

  test('gcp: who impersonates a service account, and its key', () => {
    const authenticationInfo = {
      principalEmail: 'app@shop.iam.gserviceaccount.com',
      serviceAccountKeyName: '//iam.googleapis.com/projects/shop/serviceAccounts/app/keys/k1',
      serviceAccountDelegationInfo: [{ firstPartyPrincipal: { principalEmail: 'operator@example.com' } }],
    }
    expect(gcpEvent({ authenticationInfo })).toMatchObject({
      via: 'operator@example.com',
      credentialId: '//iam.googleapis.com/projects/shop/serviceAccounts/app/keys/k1',
    })
  })

  test.each(['private', 'gce-internal-ip', '2001:db8::1'])(
    'gcp: the source %s is kept as it is written',
    (callerIp) => {
      expect(gcpEvent({ requestMetadata: { callerIp } })).toMatchObject({ source: callerIp })
    },
  )

  test('gcp: a reason is the token of an attempt only where it is a UUID', () => {
    const event = (reason: string) => gcpEvent({ requestMetadata: { requestAttributes: { reason } } })
    const token = '0b0c8f5e-6f0a-4a8e-9f0e-6a1d2c3b4a59'
    expect(event(token)).toMatchObject({ callToken: token })
    expect(event(`ticket-${token}`)).not.toHaveProperty('callToken')
  })
})

/** As the client in Python prints it. */
function snakeCased(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = Object.entries(value).map(([name, each]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    snakeCased(each),
  ])
  return Object.fromEntries(members)
}

function ofLinkedDataset() {
  const { protoPayload, resource, ...entry } = gcpEntry()
  const { request, ...payload } = protoPayload
  return {
    ...(snakeCased(entry) as object),
    resource: { ...resource, labels: JSON.stringify(resource.labels) },
    proto_payload: {
      type: payload['@type'],
      audit_log: { ...(snakeCased(payload) as object), request: JSON.stringify(request) },
    },
    json_payload: null,
  }
}

function ofBigQuery() {
  const { protoPayload, ...entry } = gcpEntry()
  const { request, ...payload } = protoPayload
  return { ...entry, protopayload_auditlog: { ...payload, requestJson: JSON.stringify(request) } }
}

test('gcp: several entries in one, and an envelope around nothing', () => {
  const shipped = { event: { original: JSON.stringify(gcpEntry()) } }
  const several = [{ entries: [gcpEntry(), gcpEntry()] }, [gcpEntry(), gcpEntry()]]
  for (const raw of [...several, [], { message: { data: '?' } }, { event: gcpEntry() }, shipped]) {
    expect(normalizeGcp({ raw: JSON.stringify(raw) })).toEqual({ quarantined: expect.any(String) })
  }
})

test('gcp: what a table has as text can have the names of the definition', () => {
  const { protoPayload, ...entry } = gcpEntry({ methodName: 'UpdateCryptoKeyVersion' })
  const requestJson = JSON.stringify({ crypto_key_version: { state: 'DISABLED' }, update_mask: 'state' })
  const row = { ...entry, protopayload_auditlog: { ...protoPayload, request: undefined, requestJson } }
  expect(normalizeGcp({ raw: JSON.stringify(row) })).toMatchObject({ event: { operationClass: 'key-disable' } })
})

describe('gcp: one entry, one uid', () => {
  const text = JSON.stringify(gcpEntry())
  const message = { data: Buffer.from(text).toString('base64'), messageId: '1', publishTime: '2026-11-05T10:00:03Z' }

  test.each([
    ['as a pushed message of Pub/Sub', { message, subscription: 'projects/shop/subscriptions/trail' }],
    ['as a pulled message of Pub/Sub', message],
    ['as a CloudEvent', { specversion: '1.0', type: 'google.cloud.audit.log.v1.written', data: gcpEntry() }],
    ['as a CloudEvent of Pub/Sub', { specversion: '1.0', data: { message } }],
    ['as the answer to a pull', { receivedMessages: [{ ackId: 'a', message }] }],
    ['as a message that was decoded', { data: text }],
    ['as the text of a shipper', { message: text }],
    ['as the answer of entries.list', { entries: [gcpEntry()] }],
    ['as gcloud prints it', [gcpEntry()]],
    ['with the names of the definition', snakeCased(gcpEntry())],
    ['as a row of BigQuery', ofBigQuery()],
    ['as a row of a linked dataset', ofLinkedDataset()],
    ['with the time as an object of a client', { ...gcpEntry(), timestamp: { value: gcpEntry().timestamp } }],
  ])('gcp: %s', (_how, delivered) => {
    expect(eventOf(normalizeGcp({ raw: JSON.stringify(delivered) }))).toEqual(gcpEvent())
  })

  test('gcp: times that differ by a nanosecond are two events, and each is kept as text', () => {
    const [one, other] = ['000000001', '000000002'].map((nanos) =>
      gcpEvent({}, { timestamp: `2026-11-05T10:00:00.${nanos}Z` }),
    )
    expect(one!.time).toEqual(other!.time)
    expect(one!.uid).not.toBe(other!.uid)
    expect(one!.timeText).toBe('2026-11-05T10:00:00.000000001Z')
  })

  test.each([['insertId'], ['logName'], ['timestamp']])('gcp: another %s is another event', (member) => {
    const others = { insertId: 'a2', logName: 'projects/shop/logs/other', timestamp: '2026-11-05T10:00:00.2Z' }
    expect(gcpEvent({}, { [member]: others[member as keyof typeof others] }).uid).not.toBe(gcpEvent().uid)
  })

  test('gcp: a time as it is defined, in seconds and nanoseconds, is the same time', () => {
    const defined = { timestamp: { seconds: '1793872800', nanos: 123_456_789 } }
    expect(gcpEvent({}, defined)).toEqual({ ...gcpEvent(), timeText: '1793872800.123456789' })
  })

  test('gcp: another spelling of one time is no other event; without an insert id the content counts', () => {
    expect(gcpEvent({}, { timestamp: '2026-11-05T11:00:00.123456789+01:00' }).uid).toBe(gcpEvent().uid)
    const without = (payload: object) => gcpEvent(payload, { insertId: undefined })
    expect(without({}).uidQuality).toBe('content')
    expect(without({}).uid).toBe(without({}).uid)
    expect(without({}).uid).not.toBe(without({ methodName: 'Encrypt' }).uid)
  })
})
