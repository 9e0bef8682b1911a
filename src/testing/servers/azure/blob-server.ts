import { type HttpKmsServer, type HttpReply, type HttpRequest, serveHttpKms } from '../http-kms-server.js'
import type { AzureTestServer } from './server.js'

/** The container of a storage account that a diagnostic setting of the test server writes to. */
export interface BlobServer extends HttpKmsServer {
  readonly containerUrl: string
  isImmutable: boolean
  /** So many bytes of the last line of each file are not there yet. */
  missingBytes: number
}

const CONTAINER = '/account/insights-logs-auditevent'

/** Lists and reads the append files: one for each hour in which records were received. */
export async function startBlobServer({ log, tls }: AzureTestServer, resourceId: string): Promise<BlobServer> {
  const settings = { isImmutable: false, missingBytes: 0 }
  const server = await serveHttpKms(
    {
      callOf: ({ url = '' }) => ({ operation: operationOf(url), identity: 'reader' }),
      perform: (request) => answer(request),
      refuse: ({ fault }) =>
        fault === 'deny'
          ? refusal(403, 'AuthorizationPermissionMismatch')
          : fault === 'throttle'
            ? refusal(429, 'TooManyRequests')
            : refusal(503, 'ServerBusy'),
      exchangeKey: (answered) => answered,
      statusOf: ({ status }) => (status < 300 ? 'ok' : String(status)),
    },
    { tls },
  )
  return Object.assign(settings, server, { containerUrl: `https://127.0.0.1:${server.port}${CONTAINER}` })

  function answer({ message }: HttpRequest): HttpReply {
    const url = new URL(message.url ?? '/', 'https://storage')
    const operation = operationOf(message.url ?? '')
    if (operation === 'GetContainer') {
      return reply(200, '', { 'x-ms-has-immutability-policy': String(settings.isImmutable), etag: '"1"' })
    }
    if (operation === 'ListBlobs') return reply(200, listing(files(), url.searchParams.get('prefix') ?? ''))
    const content = files().get(decodeURIComponent(url.pathname.slice(CONTAINER.length + 1)))
    if (content === undefined) return refusal(404, 'BlobNotFound')
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(String(message.headers['x-ms-range'] ?? '')) ?? []
    const end = to === '' ? content.length : Number(to) + 1
    const range = `bytes ${from}-${end - 1}/${content.length}`
    return reply(206, content.subarray(Number(from), end), { 'content-range': range, etag: etagOf(content) })
  }

  function files(): Map<string, Buffer> {
    const texts = new Map<string, string>()
    for (const { record, arrivedAt } of log.records) {
      const [date = '', time = ''] = arrivedAt.toISOString().split('T')
      const [year, month, day] = date.split('-')
      const hour = `y=${year}/m=${month}/d=${day}/h=${time.slice(0, 2)}/m=00/PT1H.json`
      const name = `resourceId=${resourceId.toUpperCase()}/${hour}`
      texts.set(name, `${texts.get(name) ?? ''}${JSON.stringify(record)}\n`)
    }
    return new Map(
      [...texts].map(([name, text]) => [name, Buffer.from(text.slice(0, text.length - settings.missingBytes))]),
    )
  }
}

function operationOf(url: string): string {
  if (url.includes('comp=list')) return 'ListBlobs'
  return url.includes('restype=container') ? 'GetContainer' : 'GetBlob'
}

/** https://learn.microsoft.com/rest/api/storageservices/list-blobs */
function listing(files: ReadonlyMap<string, Buffer>, prefix: string): string {
  const listed = [...files].filter(([name]) => name.startsWith(prefix)).sort()
  const blobs = listed.map(([name, content]) => {
    const properties = `<Content-Length>${content.length}</Content-Length><Etag>${etagOf(content)}</Etag>`
    return `<Blob><Name>${name}</Name><Properties>${properties}<BlobType>AppendBlob</BlobType></Properties></Blob>`
  })
  const body = `<Blobs>${blobs.join('')}</Blobs><NextMarker />`
  return `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="logs">${body}</EnumerationResults>`
}

const etagOf = (content: Buffer) => `0x${content.length.toString(16)}`

function refusal(status: number, code: string): HttpReply {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  return reply(status, body, { 'x-ms-error-code': code })
}

function reply(status: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): HttpReply {
  const length = String(Buffer.byteLength(body))
  const others = {
    'content-type': 'application/xml',
    'content-length': length,
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  }
  return { status, headers: { ...others, 'x-ms-version': '2025-01-05', ...headers }, body }
}
