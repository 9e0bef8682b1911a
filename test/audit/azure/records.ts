import { normalizeAzure } from '../../../providers/azure/trail/normalize.js'
import { eventOf } from '../trail/event-of.js'

export const VAULT = 'shop-keys.vault.azure.net'
export const VERSION = '0123456789abcdef0123456789abcdef'
export const TOKEN = '0b0c8f5e-6f0a-4a8e-9f0e-6a1d2c3b4a59'

const RESOURCE = '/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/SHOP-KEYS'
const URI = `/keys/KEK/${VERSION}/unwrapkey?api-version=2025-07-01`
const [TIME, REQUEST, AGENT, SOURCE] = [
  '2026-11-05T10:00:00.1234567Z',
  'r1',
  `waxseal-call/${TOKEN} azsdk-js`,
  '203.0.113.7',
]
const CLAIM = { oid: 'object-1', appid: 'app-1', idtyp: 'app', xms_mirid: '/subscriptions/s/identity' }

/** As storage and Event Hub have it. */
export const storageRecord = (properties: object = {}, record: object = {}) => ({
  time: TIME,
  resourceId: RESOURCE,
  operationName: 'KeyUnwrap',
  category: 'AuditEvent',
  resultType: 'Success',
  resultSignature: 'OK',
  callerIpAddress: SOURCE,
  correlationId: REQUEST,
  identity: { claim: CLAIM },
  properties: {
    id: `https://${VAULT}/keys/KEK/${VERSION}`,
    clientInfo: AGENT,
    requestUri: `https://${VAULT}${URI}`,
    httpStatusCode: 200,
    ...properties,
  },
  ...record,
})

/** The same request as each other log has it. */
export const otherShapes = {
  AZKVAuditLogs: {
    TimeGenerated: TIME,
    OperationName: 'KeyUnwrap',
    ResultType: 'Success',
    ResultSignature: 'OK',
    HttpStatusCode: 200,
    CorrelationId: REQUEST,
    CallerIpAddress: SOURCE,
    ClientInfo: AGENT,
    Identity: JSON.stringify({ claim: CLAIM }),
    Id: `https://${VAULT}/keys/KEK/${VERSION}`,
    RequestUri: `https://${VAULT}:443${URI}`,
    Type: 'AZKVAuditLogs',
  },
  AzureDiagnostics: {
    TimeGenerated: TIME,
    ResourceId: RESOURCE,
    ResourceProvider: 'MICROSOFT.KEYVAULT',
    Category: 'AuditEvent',
    OperationName: 'KeyUnwrap',
    ResultType: 'Success',
    ResultSignature: 'OK',
    httpStatusCode_d: 200,
    CorrelationId: REQUEST,
    CallerIPAddress: SOURCE,
    clientInfo_s: AGENT,
    identity_claim_oid_g: CLAIM.oid,
    identity_claim_appid_g: CLAIM.appid,
    identity_claim_idtyp_s: CLAIM.idtyp,
    identity_claim_xms_mirid_s: CLAIM.xms_mirid,
    id_s: `https://${VAULT}/keys/KEK/${VERSION}`,
    requestUri_s: `https://${VAULT}:8443${URI}`,
  },
  'Managed HSM': {
    time: TIME,
    TenantId: 'tenant',
    resourceId: RESOURCE,
    operationName: 'KeyUnwrap',
    category: 'AuditEvent',
    resultType: 'Success',
    resultSignature: 'OK',
    httpStatusCode: 200,
    correlationId: REQUEST,
    callerIpAddress: SOURCE,
    clientInfo: AGENT,
    identity: JSON.stringify({
      claim: {
        appid: CLAIM.appid,
        idtyp: CLAIM.idtyp,
        xms_mirid: CLAIM.xms_mirid,
        http_schemas_microsoft_com_identity: { claims: { objectidentifier: CLAIM.oid } },
      },
    }),
    requestUri: `https://${VAULT}${URI}`,
    properties: { PoolType: 'M-HSM' },
  },
}

export const azureEvent = (properties?: object, record?: object) =>
  eventOf(normalizeAzure({ raw: JSON.stringify(storageRecord(properties, record)) }))
