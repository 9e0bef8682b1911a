import type { TestKmsServer, TestKmsServerOptions } from '../test-kms-server.js'
import { CloudLog } from './cloud-log.js'
import { forwardTo } from './forward.js'
import { loadGcpGrpc } from './grpc.js'
import { type PerformGrpc, serveGrpcKms } from './grpc-kms-server.js'
import { addVersion, Keys } from './keys.js'
import { perform } from './operations.js'

/** A key ring and a key that are there from the start, for those who only want to try. */
const RING = 'projects/test/locations/global/keyRings/test'
const KEY = `${RING}/cryptoKeys/test`

/** With what the audit logs would have of its calls. */
export interface GcpTestServer extends TestKmsServer {
  readonly log: CloudLog
  now(): Date
}

/**
 * Google Cloud KMS over gRPC, from the service definition that the installed SDK ships. Enforces the IAM policy of a key
 * that has one. With `upstream` (`host:port`) it passes what meets no fault on to an emulator.
 */
export async function startGcpServer({ port, upstream }: TestKmsServerOptions = {}): Promise<GcpTestServer> {
  const gcp = loadGcpGrpc()
  const keys = new Keys()
  let offsetMs = 0
  const now = () => new Date(Date.now() + offsetMs)
  const here: PerformGrpc = ({ method, message, identity, isLate }) =>
    perform({ operation: method.originalName, request: message, identity, keys, now: now(), isLate })
  const forward = upstream === undefined ? undefined : forwardTo(upstream, gcp)
  if (!forward) createTestKey(keys, now())
  const log = new CloudLog(now)
  const server = await serveGrpcKms(gcp, forward?.perform ?? here, log, port)
  const endpoint = `127.0.0.1:${server.port}`
  return {
    endpoint,
    environment: { WAXSEAL_GCP_ENDPOINT: endpoint, WAXSEAL_GCP_INSECURE: 'true', WAXSEAL_GCP_KEY: KEY },
    faults: server.faults,
    calls: server.calls,
    ...{ log, now },
    advance(ms) {
      offsetMs += ms
    },
    async close() {
      await server.close()
      forward?.close()
    },
  }
}

function createTestKey(keys: Keys, now: Date): void {
  keys.createRing(RING, now)
  const as = { purpose: 'ENCRYPT_DECRYPT', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION', protectionLevel: 'SOFTWARE' }
  const key = keys.create(KEY, { ...as, rotationPeriod: null, destroyAfterMs: 30 * 86_400_000 }, now)
  key.primary = addVersion(key, now)
}
