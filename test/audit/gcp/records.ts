import { normalizeGcp } from '../../../providers/gcp/trail/normalize.js'
import { eventOf } from '../trail/event-of.js'

export const KEY = 'projects/shop/locations/europe-west3/keyRings/ring/cryptoKeys/kek'

/** An entry as Cloud Logging has it, of a decryption that went well. */
export function gcpEntry(payload: object = {}, entry: object = {}) {
  return {
    insertId: 'a1',
    logName: 'projects/shop/logs/cloudaudit.googleapis.com%2Fdata_access',
    timestamp: '2026-11-05T10:00:00.123456789Z',
    receiveTimestamp: '2026-11-05T10:00:01.5Z',
    resource: {
      type: 'cloudkms_cryptokey',
      labels: { project_id: 'shop', location: 'europe-west3', key_ring_id: 'ring', crypto_key_id: 'kek' },
    },
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: 'cloudkms.googleapis.com',
      methodName: 'Decrypt',
      resourceName: KEY,
      status: {},
      authenticationInfo: { principalEmail: 'app@shop.iam.gserviceaccount.com' },
      requestMetadata: { callerIp: '203.0.113.7', requestAttributes: {} },
      request: { name: KEY },
      ...payload,
    },
    ...entry,
  }
}

export const gcpEvent = (payload?: object, entry?: object) =>
  eventOf(normalizeGcp({ raw: JSON.stringify(gcpEntry(payload, entry)) }))
