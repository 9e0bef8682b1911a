import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { normalize } from '../../../providers/aws/trail/normalize.js'
import { ACCOUNT, decryptEvent, decryptRecord, eventOf, KEY_ARN, KEY_ID, normalized, REGION } from './record.js'

test('a call is found again by request id, token, principal, credential, key and version', () => {
  expect(decryptEvent()).toEqual({
    uid: 'bbbbbbbb-0000-4000-8000-000000000001',
    uidQuality: 'native',
    scope: `${ACCOUNT}/${REGION}`,
    time: new Date('2026-03-01T10:20:30Z'),
    timeText: '2026-03-01T10:20:30Z',
    kind: 'call',
    operation: 'Decrypt',
    operationClass: 'decrypt',
    outcome: 'success',
    requestId: 'aaaaaaaa-0000-4000-8000-000000000001',
    callToken: '8a6f8d9e-0000-4000-8000-000000000001',
    principalType: 'AssumedRole',
    principal: `arn:aws:sts::${ACCOUNT}:assumed-role/service/service-1`,
    principalName: 'service',
    credentialId: 'ASIATESTACCESSKEY',
    source: '203.0.113.9',
    userAgent: 'aws-sdk-js/3.1162.0 ua/2.1 md/call#8a6f8d9e-0000-4000-8000-000000000001',
    kekId: KEY_ARN,
    kekVersion: 'ab'.repeat(32),
    context: { 'waxseal-entity': 'Mailbox' },
  })
})

test('a denied call without parameters and without resources is kept', () => {
  const denied = decryptEvent({
    errorCode: 'AccessDenied',
    errorMessage: 'no',
    requestParameters: null,
    resources: undefined,
  })
  expect(denied).toMatchObject({ outcome: 'denied', status: 'AccessDenied', statusDetail: 'no', kind: 'call' })
  expect(denied).not.toHaveProperty('kekId')
  expect(denied.requestId).toBeDefined()
})

test('an event of the service itself has neither request id nor type of identity', () => {
  const byItself = decryptEvent({
    eventName: 'RotateKey',
    eventType: 'AwsServiceEvent',
    userIdentity: { accountId: ACCOUNT, invokedBy: 'AWS Internal' },
    requestID: undefined,
    requestParameters: null,
    sourceIPAddress: 'AWS Internal',
    userAgent: 'AWS Internal',
  })
  expect(byItself).toMatchObject({ kind: 'service', operationClass: 'key-rotate', via: 'AWS Internal', kekId: KEY_ARN })
  expect(byItself).not.toHaveProperty('requestId')
  expect(byItself).not.toHaveProperty('principalType')
})

test('the copies of one call in two accounts are a group, and the owner sees no ARN of the caller', () => {
  const shared = { sharedEventID: 'cccccccc-0000-4000-8000-000000000001' }
  const caller = decryptEvent({ ...shared, recipientAccountId: '444455556666' })
  const owner = decryptEvent({
    ...shared,
    eventID: 'bbbbbbbb-0000-4000-8000-000000000002',
    userIdentity: { type: 'AWSAccount', principalId: 'AROATESTROLE:service-1', accountId: '444455556666' },
  })
  expect(owner.copyGroup).toBe(caller.copyGroup)
  expect(owner.uid).not.toBe(caller.uid)
  expect([owner.scope, caller.scope]).toEqual([`${ACCOUNT}/${REGION}`, `444455556666/${REGION}`])
  expect(owner.principal).toBe('AROATESTROLE:service-1')
})

describe('an addendum', () => {
  const addendum = (reason: string) => decryptEvent({ addendum: { reason, originalEventID: 'the-first' } })

  test('with updated data supersedes the event that it names', () => {
    expect(addendum('UPDATED_DATA').supersedes).toBe('the-first')
  })

  test('that came late corrects nothing', () => {
    expect(addendum('DELIVERY_DELAY')).not.toHaveProperty('supersedes')
    expect(addendum('SERVICE_OUTAGE')).not.toHaveProperty('supersedes')
  })

  test('never supersedes itself', () => {
    const itself = { reason: 'UPDATED_DATA', originalEventID: 'bbbbbbbb-0000-4000-8000-000000000001' }
    expect(decryptEvent({ addendum: itself })).not.toHaveProperty('supersedes')
  })
})

test.each(['AWS Internal', 'secretsmanager.amazonaws.com', '2001:db8::1'])(
  'the source "%s" is kept as it is',
  (source) => {
    expect(decryptEvent({ sourceIPAddress: source }).source).toBe(source)
  },
)

test('a service that calls on behalf of somebody is named beside him', () => {
  const identity = { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/x`, invokedBy: 'secretsmanager.amazonaws.com' }
  expect(decryptEvent({ userIdentity: identity })).toMatchObject({
    via: 'secretsmanager.amazonaws.com',
    principal: `arn:aws:iam::${ACCOUNT}:user/x`,
  })
})

test('a user of the Identity Center has no ARN and is named by store and id', () => {
  const onBehalfOf = { userId: 'u-1', identityStoreArn: `arn:aws:identitystore::${ACCOUNT}:identitystore/d-1` }
  const identity = { type: 'IdentityCenterUser', accountId: ACCOUNT, onBehalfOf, credentialId: 'credential-1' }
  expect(decryptEvent({ userIdentity: identity })).toMatchObject({
    principal: `arn:aws:identitystore::${ACCOUNT}:identitystore/d-1/u-1`,
    credentialId: 'credential-1',
  })
})

describe('an envelope', () => {
  test('of EventBridge has the uid and the scope of the bare record', () => {
    const detail = decryptRecord()
    const envelope = {
      id: 'e-1',
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.kms',
      account: 'x',
      detail,
    }
    expect(eventOf(envelope)).toEqual({ ...eventOf(detail), content: detail })
  })

  test('of LookupEvents, and a file with one record, hold the same event', () => {
    const record = decryptRecord()
    const expected = { ...eventOf(record), content: record }
    expect(eventOf({ EventId: 'x', CloudTrailEvent: JSON.stringify(record) })).toEqual(expected)
    expect(eventOf({ Records: [record] })).toEqual(expected)
  })

  const record = decryptRecord()
  const text = JSON.stringify(record)
  const ofEventBridge = { 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.kms', detail: record }
  const ofSns = { Type: 'Notification', Message: JSON.stringify(ofEventBridge) }
  const ofCloudWatch = { messageType: 'DATA_MESSAGE', logEvents: [{ id: '1', timestamp: 1, message: text }] }
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')
  const delivered = {
    'what LookupEvents answers': { Events: [{ EventId: 'x', CloudTrailEvent: text }] },
    'a message of SNS': ofSns,
    'SNS in Lambda': { Records: [{ EventSource: 'aws:sns', Sns: ofSns }] },
    'a message of SQS': { Messages: [{ Body: JSON.stringify(ofSns) }] },
    'SQS in Lambda': { Records: [{ messageId: '1', eventSource: 'aws:sqs', body: JSON.stringify(ofEventBridge) }] },
    'Kinesis in Lambda': { Records: [{ eventSource: 'aws:kinesis', kinesis: { data: base64(ofEventBridge) } }] },
    'CloudWatch Logs': ofCloudWatch,
    'CloudWatch Logs in Lambda': { awslogs: { data: gzipSync(JSON.stringify(ofCloudWatch)).toString('base64') } },
    'a search of CloudWatch Logs': { events: [{ eventId: '1', message: text }], searchedLogStreams: [] },
    'an array': [record],
  }

  test.each(Object.entries(delivered))('that is %s has the same event', (_how, envelope) => {
    expect(eventOf(envelope)).toEqual({ ...eventOf(record), content: record })
  })

  test('with several records is for its reader to split', () => {
    for (const several of [{ Records: [record, record] }, { Events: [{}, {}] }, [record, record]]) {
      expect(normalized(several)).toHaveProperty('quarantined')
    }
  })

  test('of figures that have no service is of no concern', () => {
    const insight = {
      eventVersion: '1.07',
      eventCategory: 'Insight',
      insightDetails: { eventSource: 'kms.amazonaws.com' },
    }
    expect(normalized({ 'detail-type': 'AWS Insight via CloudTrail', detail: insight })).toHaveProperty('ignored')
  })

  test('with something else in it is of no concern, and with broken JSON is put aside', () => {
    expect(normalized({ Type: 'Notification', Message: '{"s3Bucket":"b"}' })).toHaveProperty('ignored')
    expect(normalized({ Records: [] })).toHaveProperty('ignored')
    expect(normalized({ Records: [{ eventVersion: '2.1', eventSource: 'aws:s3', s3: {} }] })).toHaveProperty('ignored')
    expect(normalized({ ...ofSns, Message: '{"detail":' })).toHaveProperty('quarantined')
  })

  test('that the KMS sent itself is what the KMS did by itself', () => {
    const notice = {
      id: 'e-2',
      'detail-type': 'KMS CMK Rotation',
      source: 'aws.kms',
      account: ACCOUNT,
      time: '2026-03-01T10:20:30Z',
      region: REGION,
      resources: [KEY_ARN],
      detail: { 'key-id': KEY_ID, 'previous-key-material-id': 'ab', 'current-key-material-id': 'cd' },
    }
    expect(eventOf(notice)).toMatchObject({
      uid: 'e-2',
      kind: 'lifecycle',
      operationClass: 'key-rotate',
      kekId: KEY_ARN,
      kekVersion: 'cd',
    })
  })
})

describe('a row of a table', () => {
  const small = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(small)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toLowerCase(), small(each)]))
  }
  const record = decryptRecord() as Record<string, unknown>
  const named = ['requestParameters', 'responseElements', 'additionalEventData']
  const texts = Object.fromEntries(named.map((name) => [name.toLowerCase(), JSON.stringify(record[name])]))
  const row = { ...(small(record) as object), ...texts }
  const columns = Object.entries(row).map(([name, value]) => ({ [name]: asText(value) }))
  const wordwise = (name: string) => name.replace(/[A-Z]+/g, (letters) => `_${letters.toLowerCase()}`)

  /** As Presto prints it. */
  function asText(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map(asText).join(', ')}]`
    if (typeof value !== 'object' || value === null) return String(value)
    return `{${Object.entries(value)
      .map(([name, each]) => `${name}=${asText(each)}`)
      .join(', ')}}`
  }

  test.each([
    ['Athena, with structs', row],
    ['Athena, all of it text', Object.fromEntries(columns.flatMap((each) => Object.entries(each)))],
    ['Steampipe', Object.fromEntries(Object.entries(record).map(([name, each]) => [wordwise(name), each]))],
    ['CloudTrail Lake', { QueryStatus: 'FINISHED', QueryResultRows: [columns] }],
  ])('of %s is the event of the record', (_table, found) => {
    expect(eventOf(found)).toEqual({ ...eventOf(record), content: expect.any(Object) })
  })

  test('of a struct that is text, what a caller wrote is not read', () => {
    const keyId = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-4333-8444-555555555555'
    // Its context is `b}, keyId=…, x={y=z`.
    const forged = { requestparameters: `{encryptionContext={a=b}, keyId=${keyId}, x={y=z}}`, resources: null }
    expect(eventOf({ ...row, ...forged })).not.toHaveProperty('kekId')
  })

  test('of an identity with claims of other names, and with nothing in a member, is read', () => {
    const claims = 'attributes={example.com:amr=["a","b"], example.com:aud=x}'
    const useridentity = `{type=AssumedRole, accesskeyid=, sessioncontext={${claims}}, arn=arn:aws:sts::1:assumed-role/a/b=c}`
    expect(eventOf({ ...row, useridentity })).toMatchObject({ principal: 'arn:aws:sts::1:assumed-role/a/b=c' })
    expect(eventOf({ ...row, useridentity })).not.toHaveProperty('credentialId')
  })
})

test('every operation of the KMS has a class', async () => {
  const operations = Object.keys(await import('@aws-sdk/client-kms')).filter((name) => /^[A-Z]\w+Command$/.test(name))
  const classOf = (name: string) => decryptEvent({ eventName: name.replace(/Command$/, '') }).operationClass
  expect(operations.length).toBeGreaterThan(50)
  expect(operations.filter((name) => classOf(name) === 'other')).toEqual([])
})

test('an unknown operation, unknown members and an unknown version are kept as other', () => {
  expect(decryptEvent({ eventName: 'DecryptWithStars', aNewMember: [1] })).toMatchObject({
    operation: 'DecryptWithStars',
    operationClass: 'other',
  })
  expect(decryptEvent({ eventVersion: '2.0' })).toMatchObject({
    operation: 'Decrypt',
    operationClass: 'other',
    kekId: KEY_ARN,
  })
  expect(decryptEvent({ eventVersion: '1.99' }).operationClass).toBe('decrypt')
})

test('what a caller put into an event stops nothing', () => {
  const raw = JSON.stringify(
    decryptRecord({ userAgent: '=HYPERLINK("x")', requestParameters: { encryptionContext: {} } }),
  )
  const poisoned = raw.replace(
    '"encryptionContext":{}',
    '"encryptionContext":{"a\\u0000":"\\ud800","__proto__":"x","a\\u0000":"last"}',
  )
  const found = normalize({ raw: poisoned.replace('"eventName"', '"eventName":"first","eventName"') })
  const { context: kept, userAgent, operation } = (found as { event: ReturnType<typeof decryptEvent> }).event
  expect(Object.entries(kept as object)).toEqual([
    ['a\0', 'last'],
    ['__proto__', 'x'],
  ])
  expect(userAgent).toBe('=HYPERLINK("x")')
  expect(operation).toBe('Decrypt')
})

test('an event of 256 KiB is one like any other', () => {
  const { context } = decryptEvent({ requestParameters: { encryptionContext: { long: 'x'.repeat(256 * 1024) } } })
  expect(context?.long).toHaveLength(256 * 1024)
})

test('twins without an id are one event, whatever the order of their members', () => {
  const { eventID: _, ...record } = decryptRecord() as Record<string, unknown>
  const turned = Object.fromEntries(Object.entries(record).reverse())
  expect(eventOf(record)).toMatchObject({ uidQuality: 'content', uid: eventOf(turned).uid })
  expect(eventOf({ ...record, eventTime: '2026-03-01T10:20:31Z' }).uid).not.toBe(eventOf(record).uid)
})

test.each([
  ['ThrottlingException', 'throttled'],
  ['AccessDeniedException', 'denied'],
  ['VpceAccessDenied', 'denied'],
  ['InvalidClientTokenId', 'denied'],
  ['DisabledException', 'error'],
  ['IncorrectKeyException', 'error'],
  ['KMSInvalidStateException', 'error'],
  ['LimitExceededException', 'error'],
  ['RequestLimitExceeded', 'throttled'],
])('%s is %s', (errorCode, outcome) => {
  expect(decryptEvent({ errorCode }).outcome).toBe(outcome)
})

test('network activity is the same call again, but for what a VPC endpoint refused', () => {
  const activity = { eventCategory: 'NetworkActivity', eventType: 'AwsVpceEvent' }
  expect(normalized(decryptRecord(activity))).toHaveProperty('ignored')
  expect(decryptEvent({ ...activity, errorCode: 'VpceAccessDenied' }).outcome).toBe('denied')
})

test.each(['x md/call#', 'x md/call#a/b', `x md/call#${'a'.repeat(65)}`, 'xmd/call#abc'])(
  '"%s" holds no token',
  (userAgent) => {
    expect(decryptEvent({ userAgent })).not.toHaveProperty('callToken')
  },
)

test.each([
  ['no time', { eventTime: undefined }],
  ['a time that is none', { eventTime: '2026-13-01T00:00:00Z' }],
  ['a day without a time', { eventTime: '2026-03-01' }],
  ['no operation', { eventName: null }],
  ['no service', { eventSource: undefined }],
])('%s goes to quarantine', (_what, changes) => {
  expect(normalized(decryptRecord(changes))).toHaveProperty('quarantined')
})

test.each([
  '2026-03-01 10:20:30',
  '2026-03-01 10:20:30.000 UTC',
  '1772360430',
  '1772360430000',
  '2026-03-01T10:20:30.000Z',
  '2026-03-01T11:20:30+01:00',
])('%s is a time in UTC', (eventTime) => {
  expect(decryptEvent({ eventTime })).toMatchObject({ time: new Date('2026-03-01T10:20:30Z'), timeText: eventTime })
})

test('a record that does not say its account is of the reader that brought it', () => {
  const userIdentity = { type: 'AWSService', invokedBy: 'AWS Internal' }
  expect(decryptEvent({ recipientAccountId: undefined, userIdentity }).scope).toBe('')
})

test('of the KMS in a form that is not known is not ignored, as what is of no concern', () => {
  const reason = { quarantined: expect.stringContaining('a form that is not known') }
  expect(normalized({ api: { operation: 'Decrypt', service: { name: 'kms.amazonaws.com' } } })).toEqual(reason)
  expect(normalized({ event: { original: JSON.stringify(decryptRecord()) } })).toEqual(reason)
  expect(normalized({ event: { eventSource: 's3.amazonaws.com' } })).toHaveProperty('ignored')
})

test('a refusal that has a message alone', () => {
  const errorMessage = 'User: arn is not authorized to perform: kms:Decrypt'
  expect(decryptEvent({ errorMessage })).toMatchObject({ outcome: 'denied', statusDetail: errorMessage })
})

describe('the key material is the version, wherever it stands', () => {
  const [now, before] = ['cd'.repeat(32), 'ab'.repeat(32)]
  test.each([
    ['ReEncrypt', { additionalEventData: { sourceKeyMaterialId: before, destinationKeyMaterialId: now } }],
    ['RotateKey', { serviceEventDetails: { previousKeyMaterialId: before, currentKeyMaterialId: now } }],
    ['DeleteExpiredKeyMaterial', { serviceEventDetails: { keyMaterialId: now } }],
    ['ImportKeyMaterial', { responseElements: { keyId: KEY_ARN, keyMaterialId: now } }],
    ['CreateKey', { responseElements: { keyMetadata: { arn: KEY_ARN, currentKeyMaterialId: now } } }],
    ['DeleteImportedKeyMaterial', { requestParameters: { keyId: KEY_ID, keyMaterialId: now } }],
  ])('%s', (eventName, changes) => {
    expect(decryptEvent({ additionalEventData: undefined, eventName, ...changes }).kekVersion).toBe(now)
  })
})

test('an envelope around an envelope, and one that is nested too deeply', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  for (const raw of [deep, `{"eventName":[${deep}]}`, '{"CloudTrailEvent":"{"}', '[{},{}]', 'null']) {
    expect(normalize({ raw })).toHaveProperty('quarantined')
  }
})
