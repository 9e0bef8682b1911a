import { describe, expect, test } from '@jest/globals'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import { normalizeAzure } from '../../../providers/azure/trail/normalize.js'
import { eventOf } from '../trail/event-of.js'
import { azureEvent, otherShapes, storageRecord, TOKEN, VAULT, VERSION } from './records.js'

const normalize = (record: object) => normalizeAzure({ raw: JSON.stringify(record) })

test('azure: a record becomes an event', () => {
  expect(azureEvent()).toEqual({
    uid: expect.stringMatching(/^[0-9a-f]{64}$/),
    uidQuality: 'composite',
    scope: VAULT,
    time: new Date('2026-11-05T10:00:00.123Z'),
    timeText: '2026-11-05T10:00:00.1234567Z',
    kind: 'call',
    operation: 'KeyUnwrap',
    operationClass: 'decrypt',
    outcome: 'success',
    status: '200',
    requestId: 'r1',
    callToken: TOKEN,
    principal: 'object-1',
    principalType: 'app',
    principalName: '/subscriptions/s/identity',
    credentialId: 'app-1',
    source: '203.0.113.7',
    userAgent: expect.stringContaining('azsdk-js'),
    kekId: `${VAULT}/kek`,
    kekVersion: VERSION,
    content: expect.any(Object),
  })
})

test.each(Object.entries(otherShapes))('azure: one request as %s is the same event', (_log, record) => {
  expect(eventOf(normalize(record))).toEqual(azureEvent())
})

test('azure: one record in what Event Hub delivers is the record; several are for the reader to split', () => {
  const record = storageRecord()
  expect(eventOf(normalize({ records: [record] }))).toEqual(azureEvent())
  expect(eventOf(normalize([record]))).toEqual(azureEvent())
  expect(eventOf(normalize({ body: { records: [record] }, sequenceNumber: 1 }))).toEqual(azureEvent())
  expect(eventOf(normalize({ message: JSON.stringify(record) }))).toEqual(azureEvent())
  expect(normalize({ records: [record, record] })).toEqual({ quarantined: 'several records in one' })
})

test('azure: one row in what a query of a workspace answers is the record', () => {
  const row = Object.entries(otherShapes.AZKVAuditLogs)
  const table = {
    name: 'PrimaryResult',
    columns: row.map(([name]) => ({ name })),
    rows: [row.map(([, value]) => value)],
  }
  expect(eventOf(normalize({ tables: [table] }))).toEqual(azureEvent())
  expect(normalize({ tables: [table, table] })).toEqual({ quarantined: 'several records in one' })
})

describe('azure: what became of it', () => {
  test.each([
    [200, 'success'],
    [202, 'success'],
    [400, 'error'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'error'],
    [409, 'error'],
    [429, 'throttled'],
    [500, 'error'],
  ])('azure: status %s is %s, whatever resultType says', (httpStatusCode, outcome) => {
    expect(azureEvent({ httpStatusCode })).toMatchObject({ outcome, status: String(httpStatusCode) })
  })

  test.each([
    ['OK', 'success'],
    ['Forbidden', 'denied'],
    ['Unauthorized', 'denied'],
    ['Too Many Requests', 'throttled'],
    ['Bad Request', 'error'],
    ['Internal Server Error', 'error'],
  ])('azure: without a status the signature %s is %s', (resultSignature, outcome) => {
    expect(azureEvent({ httpStatusCode: undefined }, { resultSignature })).toMatchObject({ outcome })
  })

  test('azure: a failure in words alone is one', () => {
    const failed = { resultType: 'Failed', resultSignature: undefined }
    expect(azureEvent({ httpStatusCode: undefined }, failed)).toMatchObject({ outcome: 'error' })
  })

  test('azure: the reason of a refusal is kept', () => {
    const refused = { httpStatusCode: 403 }
    expect(azureEvent(refused, { resultDescription: 'not allowed' }).statusDetail).toBe('not allowed')
    expect(azureEvent(refused, { resultSignature: 'Forbidden' }).statusDetail).toBe('Forbidden')
  })
})

test('azure: a row of the table of vaults, of which a query took few columns', () => {
  const row = { TimeGenerated: '2026-11-05T10:00:00Z', OperationName: 'KeyUnwrap', Type: 'AZKVAuditLogs' }
  expect(normalize(row)).toMatchObject({ event: { operationClass: 'decrypt', uidQuality: 'content' } })
  expect(normalize({ ...row, Type: 'StorageBlobLogs' })).toEqual({ ignored: 'another service' })
})

test('azure: an operation on a vault in a form that is not known is quarantined; figures of a vault are ignored', () => {
  expect(normalize({ event: storageRecord() })).toEqual({ quarantined: expect.stringContaining('form') })
  expect(normalize({ payload: JSON.stringify(storageRecord()) })).toEqual({ quarantined: expect.any(String) })
  const { resourceId } = storageRecord()
  expect(normalize({ resourceId, metricName: 'ServiceApiHit', count: 1 })).toEqual({ ignored: expect.any(String) })
})

test.each([
  ['KeyGetDeleted', 'read'],
  ['RoleAssignmentsList', 'read'],
  ['SettingUpdate', 'other'],
  ['SecurityDomainDownload', 'decrypt'],
  ['BackupCreate', 'decrypt'],
  ['RestoreCreate', 'key-restore'],
  ['RandomBytesGet', 'random'],
  ['unwrapKey', 'decrypt'],
  ['KeyBackup', 'decrypt'],
  ['KEYUNWRAP', 'decrypt'],
])('azure: %s is %s', (operationName, operationClass) => {
  expect(azureEvent({}, { operationName })).toMatchObject({ operation: operationName, operationClass })
})

describe('azure: which key', () => {
  test.each([[443], [8443]])('azure: port %s in the URI is none of the vault', (port) => {
    const requestUri = `https://${VAULT}:${port}/keys/KEK/${VERSION}/unwrapkey?api-version=2025-07-01`
    expect(azureEvent({ requestUri })).toEqual(azureEvent())
    expect(azureEvent({ id: undefined, requestUri })).toMatchObject({ scope: VAULT, kekId: `${VAULT}/kek` })
  })

  test('azure: the control plane has a host of its own, and the vault is in the id or in the resource', () => {
    const requestUri = 'https://control-prod-wus.vaultcore.azure.net/subscriptions/s?api-version=1'
    expect(azureEvent({ id: `https://${VAULT}/`, requestUri })).toMatchObject({ scope: VAULT })
    expect(azureEvent({ id: undefined, requestUri })).toMatchObject({ scope: VAULT })
  })

  test('azure: names that are no keys give none', () => {
    const restore = { id: undefined, requestUri: `https://${VAULT}/keys/restore?api-version=7.4` }
    expect(azureEvent(restore, { operationName: 'KeyRestore' })).not.toHaveProperty('kekId')
    expect(azureEvent({ id: undefined, requestUri: `https://${VAULT}/secrets/kek` })).not.toHaveProperty('kekId')
    expect(azureEvent({ id: 'https://', requestUri: 'https://[' })).toMatchObject({ scope: VAULT })
    // Of a Managed HSM: roles of all keys, and of one.
    const roles = (of: string) =>
      azureEvent({
        id: undefined,
        requestUri: `https://${VAULT}${of}/providers/Microsoft.Authorization/roleAssignments/r`,
      })
    expect(roles('/keys')).not.toHaveProperty('kekId')
    expect(roles('/keys/kek')).toMatchObject({ kekId: `${VAULT}/kek` })
  })
})

describe('azure: who asked', () => {
  test('azure: a user by the long names of the claims', () => {
    const claim = {
      'http://schemas.microsoft.com/identity/claims/objectidentifier': 'object-2',
      'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn': 'someone@example.com',
    }
    expect(azureEvent({}, { identity: { claim } })).toMatchObject({
      principal: 'object-2',
      principalType: 'user',
      principalName: 'someone@example.com',
    })
  })

  test('azure: an application by the newer name of its id', () => {
    const claim = { azp: 'app-2', oid: 'object-2' }
    expect(azureEvent({}, { identity: { claim } })).toMatchObject({ credentialId: 'app-2', principalType: 'app' })
  })

  test('azure: a resource of Azure that has no other claim', () => {
    const claim = { xms_az_rid: '/subscriptions/s/clusters/c', xms_az_nwperimid: [] }
    expect(azureEvent({}, { identity: { claim } })).toMatchObject({ principal: claim.xms_az_rid })
  })

  test('azure: a token in the user agent is of the ledger where it is a UUID with our name', () => {
    expect(azureEvent({ clientInfo: `azsdk-js/1 waxseal-call/${TOKEN}` })).toMatchObject({ callToken: TOKEN })
    expect(azureEvent({ clientInfo: `x-waxseal-call/${TOKEN}` })).not.toHaveProperty('callToken')
    expect(azureEvent({ clientInfo: 'waxseal-call/01JD' })).not.toHaveProperty('callToken')
  })
})

describe('azure: the Activity Log', () => {
  const activity = (operationName: string, record: object = {}) =>
    normalize({
      time: '2026-11-05T10:00:00Z',
      resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop-keys/providers/x',
      operationName,
      category: 'Administrative',
      resultType: 'Success',
      correlationId: 'c1',
      ...record,
    })

  test.each([
    'Microsoft.Insights/diagnosticSettings/write',
    'microsoft.insights/diagnosticsettings/delete',
    'Microsoft.OperationalInsights/workspaces/delete',
  ])('azure: %s changes what is logged', (operation) => {
    expect(eventOf(activity(operation))).toMatchObject({ kind: 'logging', operationClass: 'logging', scope: VAULT })
  })

  test.each([
    ['Microsoft.Authorization/roleAssignments/write', 'policy'],
    ['Microsoft.KeyVault/vaults/write', 'policy'],
    ['Microsoft.KeyVault/vaults/accessPolicies/write', 'policy'],
    ['Microsoft.KeyVault/vaults/delete', 'key-delete'],
    ['Microsoft.KeyVault/vaults/keys/write', 'key-create'],
    ['Microsoft.KeyVault/vaults/secrets/write', 'other'],
  ])('azure: %s is %s, and its id is not that of one request', (operation, operationClass) => {
    const event = eventOf(activity(operation))
    expect(event).toMatchObject({ kind: 'call', operationClass })
    expect(event).not.toHaveProperty('requestId')
  })

  test('azure: in the table AzureActivity the name for people is not the operation, and the event is the same', () => {
    const resource = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop-keys'
    const row = {
      ...{ TimeGenerated: '2026-11-05T10:00:00Z', OperationName: 'Delete Key Vault', CorrelationId: 'c1' },
      ...{ OperationNameValue: 'MICROSOFT.KEYVAULT/VAULTS/DELETE', ActivityStatusValue: 'Failure' },
      ...{ CategoryValue: 'Administrative', Category: 'Administrative', _ResourceId: resource.toLowerCase() },
      ...{ Claims: JSON.stringify({ appid: 'app-1' }), Caller: 'app-1', CallerIpAddress: '203.0.113.7' },
    }
    const streamed = activity('Microsoft.KeyVault/vaults/delete', { resourceId: resource })
    expect(eventOf(normalize(row))).toMatchObject({
      ...{ operationClass: 'key-delete', outcome: 'error', scope: VAULT, source: '203.0.113.7' },
      ...{ principal: 'app-1', principalType: 'app', uid: eventOf(streamed).uid },
    })
  })

  test('azure: in the table its properties are text, and say why it failed', () => {
    const row = { Properties: JSON.stringify({ statusCode: 'Forbidden' }), resultType: 'Failure' }
    expect(eventOf(activity('Microsoft.KeyVault/vaults/write', row))).toMatchObject({ outcome: 'denied' })
  })

  test('azure: a success says nothing more', () => {
    const streamed = activity('Microsoft.KeyVault/vaults/write', { resultSignature: 'Succeeded.' })
    expect(eventOf(streamed)).toMatchObject({ outcome: 'success', status: 'Succeeded.' })
    expect(eventOf(streamed)).not.toHaveProperty('statusDetail')
  })

  test('azure: its interface has names and values, and the status by itself', () => {
    const operationName = { value: 'Microsoft.KeyVault/vaults/write', localizedValue: 'Update Key Vault' }
    const status = { value: 'Failed', localizedValue: 'Failed' }
    const subStatus = { value: 'Forbidden', localizedValue: 'Forbidden (HTTP Status Code: 403)' }
    const { time: eventTimestamp, ...record } = { ...storageRecord(), category: { value: 'Administrative' } }
    expect(
      eventOf(normalize({ ...record, properties: {}, eventTimestamp, operationName, status, subStatus })),
    ).toMatchObject({ operation: operationName.value, outcome: 'denied' })
  })

  test('azure: the scope of what was authorised makes no user of an application', () => {
    const authorization = { scope: '/subscriptions/s', action: 'Microsoft.KeyVault/vaults/write' }
    const identity = { authorization, claims: { appid: 'app-1' } }
    expect(eventOf(activity('Microsoft.KeyVault/vaults/write', { identity }))).toMatchObject({ principalType: 'app' })
  })

  test('azure: what failed did, and other services are of no concern', () => {
    expect(eventOf(activity('Microsoft.KeyVault/vaults/write', { resultType: 'Failure' })).outcome).toBe('error')
    expect(activity('Microsoft.Compute/virtualMachines/delete')).toEqual({ ignored: 'another activity' })
    expect(normalize({ ...storageRecord(), resourceId: '/x/MICROSOFT.STORAGE/y' })).toEqual({
      ignored: 'another service',
    })
  })
})

describe('azure: one request, one uid', () => {
  test.each([
    ['correlationId', 'r2'],
    ['operationName', 'KeyWrap'],
    ['time', '2026-11-05T10:00:00.1234568Z'],
  ])('azure: another %s is another event', (member, value) => {
    expect(azureEvent({}, { [member]: value }).uid).not.toBe(azureEvent().uid)
  })

  test('azure: another URI is another event; without the id of a request the content counts', () => {
    expect(azureEvent({ requestUri: `https://${VAULT}/keys/other` }).uid).not.toBe(azureEvent().uid)
    const without = (properties: object) => azureEvent(properties, { correlationId: '' })
    expect(without({}).uidQuality).toBe('content')
    expect(without({}).uid).toBe(without({}).uid)
    expect(without({}).uid).not.toBe(without({ httpStatusCode: 403 }).uid)
  })
})

test('azure: what every client asks before it has a token, and what Azure takes stock with, are expected; a refusal is not', () => {
  const expectedIds = (properties: object, record: object) =>
    azureTrail.expected.filter(({ matches }) => matches(azureEvent(properties, record))).map(({ id }) => id)
  const challenge = { operationName: 'Authentication', identity: {} }
  expect(expectedIds({ httpStatusCode: 401 }, challenge)).toEqual(['azure-authentication-401/1'])
  expect(expectedIds({ httpStatusCode: 403 }, challenge)).toEqual([])
  expect(expectedIds({ httpStatusCode: 401 }, {})).toEqual([])
  const clientInfo = 'AzureResourceGraph.IngestionWorkerService.global/1.0'
  expect(expectedIds({ clientInfo }, { operationName: 'VaultGet' })).toEqual(['azure-resource-graph-vaultget/1'])
  expect(expectedIds({ clientInfo }, {})).toEqual([])
})
