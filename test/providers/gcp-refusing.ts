import { GcpProvider } from '../../providers/gcp/index.js'
import type { WrappedDataKey } from '../../src/kms/provider.js'
import { loadGcpGrpc } from '../../src/testing/servers/gcp/grpc.js'
import { serveGrpcKms } from '../../src/testing/servers/gcp/grpc-kms-server.js'
import { GcpRefusal } from '../../src/testing/servers/gcp/refusal.js'
import { clientOf } from './gcp-under-test.js'

const KEY = 'projects/test/locations/global/keyRings/test/cryptoKeys/test'

export interface RefusingGcp {
  readonly endpoint: string
  readonly provider: GcpProvider
  /** Bytes that nobody looks at. */
  readonly wrapped: WrappedDataKey
  calls(): readonly string[]
  close(): Promise<void>
}

/** A Cloud KMS that says what its primary version is and answers everything else with one status. */
export async function refusingGcp(code: number, message = 'refused'): Promise<RefusingGcp> {
  const perform: Parameters<typeof serveGrpcKms>[1] = ({ method }) => {
    if (method.originalName !== 'GetCryptoKey') throw new GcpRefusal(code, message)
    return { name: KEY, primary: { name: `${KEY}/cryptoKeyVersions/1`, state: 'ENABLED' } }
  }
  const server = await serveGrpcKms(loadGcpGrpc(), perform, { write: () => undefined })
  const endpoint = `127.0.0.1:${server.port}`
  const client = clientOf(endpoint, 'application')
  return {
    endpoint,
    provider: new GcpProvider({ client, key: KEY }),
    wrapped: { kek: { provider: 'gcp', id: KEY, version: '1' }, bytes: Buffer.from('wrapped') },
    calls: () => server.calls.map(({ operation }) => operation),
    async close() {
      await client.close()
      await server.close()
    },
  }
}
