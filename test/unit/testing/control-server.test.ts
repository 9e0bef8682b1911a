import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../../src/testing/index.js'
import { serveControl } from '../../../src/testing/servers/control-server.js'
import { awsClient } from '../../providers/aws-under-test.js'

let server: TestKmsServer
let control: Awaited<ReturnType<typeof serveControl>>

beforeAll(async () => {
  server = await startTestKms('aws')
  control = await serveControl(server)
})
beforeEach(() => server.faults.clear())
afterAll(async () => {
  await control.close()
  await server.close()
})

async function command(method: string, path: string, body?: string, headers = {}) {
  const init = { method, headers, ...(body !== undefined && { body }) }
  const response = await fetch(`http://127.0.0.1:${control.port}${path}`, init)
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

test('POST /faults plans a fault, DELETE /faults ends all', async () => {
  expect(await command('POST', '/faults', '{"fault":"throttle","operation":"ListKeys"}')).toEqual({ status: 204 })
  await expect(awsClient(server).createKey({})).resolves.toBeDefined()
  await expect(awsClient(server).listAliases({})).resolves.toBeDefined()
  await command('POST', '/faults', '{"fault":"throttle"}')
  await expect(awsClient(server).listAliases({})).rejects.toMatchObject({ name: 'ThrottlingException' })
  expect(await command('DELETE', '/faults')).toEqual({ status: 204 })
  await expect(awsClient(server).listAliases({})).resolves.toBeDefined()
})

test('GET /calls lists the calls', async () => {
  const before = server.calls.length
  await awsClient(server, { accessKeyId: 'somebody', secretAccessKey: 'test' }).listAliases({})
  const { status, body } = await command('GET', '/calls')
  expect(status).toBe(200)
  const requestId = expect.any(String)
  expect(body.slice(before)).toEqual([{ operation: 'ListAliases', identity: 'somebody', status: 'ok', requestId }])
})

test('POST /clock moves the clock of the server', async () => {
  const createdAt = async () => (await awsClient(server).createKey({})).KeyMetadata!.CreationDate!.getTime()
  const before = await createdAt()
  expect(await command('POST', '/clock', '{"advanceMs":3600000}')).toEqual({ status: 204 })
  expect((await createdAt()) - before).toBeGreaterThanOrEqual(3_599_000)
})

test.each([
  ['a command that there is not', 'POST', '/explode', undefined, /expected one of GET \/calls/],
  ['a fault that there is not', 'POST', '/faults', '{"fault":"explode"}', /expected a fault/],
  ['what is no JSON', 'POST', '/faults', '{', /JSON/],
  ['a clock that is moved by text', 'POST', '/clock', '{"advanceMs":"1"}', /advanceMs/],
  ['a clock with another member', 'POST', '/clock', '{"advanceMs":1,"by":2}', /advanceMs/],
])('refuses %s', async (_, method, path, body, message) => {
  expect(await command(method, path, body)).toEqual({ status: 400, body: { error: expect.stringMatching(message) } })
})

test('no page of a browser is answered', async () => {
  const headers = { origin: 'https://example.org' }
  expect(await command('POST', '/faults', '{"fault":"deny"}', headers)).toMatchObject({ status: 400 })
  expect(server.faults.take('Encrypt', 'a')).toBeUndefined()
})
