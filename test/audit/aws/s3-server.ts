import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../../../src/testing/servers/http-listener.js'

export interface StoredObject {
  readonly body: Buffer
  readonly metadata: Readonly<Record<string, string>>
}

export interface BucketState {
  readonly objects: Map<string, StoredObject>
  /** Requests with such a path are refused. */
  denied?: RegExp
  /** Objects of a page. */
  pageSize: number
  readonly requests: string[]
}

/** S3 with one bucket, as far as a reader of logs needs it: pages of names in their order, and objects with metadata. */
export async function startS3() {
  const state: BucketState = { objects: new Map(), pageSize: 1_000, requests: [] }
  const listener = await listen(createServer((request, response) => answer(request, response, state)))
  return { state, endpoint: `http://127.0.0.1:${listener.port}`, close: () => listener.close() }
}

function answer({ url = '/' }: IncomingMessage, response: ServerResponse, state: BucketState): void {
  const { pathname, searchParams } = new URL(url, 'http://s3')
  const [, , ...path] = pathname.split('/').map(decodeURIComponent)
  const name = path.join('/')
  state.requests.push(name === '' ? `list ${searchParams.get('prefix')}` : `get ${name}`)
  const found = state.objects.get(name)
  if (state.denied?.test(url)) refuse(response, 403, 'AccessDenied')
  else if (name === '') list(response, searchParams, state)
  else if (found === undefined) refuse(response, 404, 'NoSuchKey')
  else send(response, found)
}

function send(response: ServerResponse, found: StoredObject): void {
  const metadata = Object.entries(found.metadata).map(([key, value]) => [`x-amz-meta-${key}`, value])
  response.writeHead(200, { etag: etagOf(found), ...Object.fromEntries(metadata) }).end(found.body)
}

function list(response: ServerResponse, query: URLSearchParams, { objects, pageSize }: BucketState): void {
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const names = [...objects.keys()].filter((name) => name.startsWith(query.get('prefix') ?? '') && name > after).sort()
  const page = names.slice(0, pageSize)
  const contents = page.map(
    (name) => `<Contents><Key>${name}</Key><ETag>${etagOf(objects.get(name)!)}</ETag></Contents>`,
  )
  const token = page.length < names.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
  const body = `<?xml version="1.0"?><ListBucketResult>${contents.join('')}${token}</ListBucketResult>`
  response.writeHead(200, { 'content-type': 'application/xml' }).end(body)
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
}

const etagOf = ({ body }: StoredObject) => createHash('md5').update(body).digest('hex')
