import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { sendWebhook } from '../../../src/audit/alerts/send-webhook.js'
import { signWebhook, webhookKey } from '../../../src/audit/alerts/sign-webhook.js'
import type { Clock } from '../../../src/kms/clock.js'

/** Time stands still, and nobody waits. */
const clock: Clock = {
  now: () => Date.UTC(2026, 10, 26),
  after: (_, run) => {
    queueMicrotask(run)
    return () => undefined
  },
}
const key = randomBytes(32)

let server: Server
let received: { headers: IncomingHttpHeaders; body: string }[]
let answers: number[]
beforeEach(async () => {
  received = []
  answers = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(answers.shift() ?? 200, { location: '/elsewhere' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

const send = () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return sendWebhook({ url, key }, 'finding-1', '{"a":1}', { clock })
}

describe('a message', () => {
  test('is signed over id, time and body', async () => {
    expect(await send()).toEqual({ delivered: true, answer: '200' })
    const [{ headers, body }] = received as [(typeof received)[0]]
    const signed = `finding-1.${headers['webhook-timestamp']}.${body}`
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    expect(headers).toMatchObject({ 'webhook-id': 'finding-1', 'webhook-timestamp': '1795651200' })
    expect(body).toBe('{"a":1}')
  })

  test('is sent again, under the same id, until it is taken', async () => {
    answers = [500, 429, 204]
    expect(await send()).toEqual({ delivered: true, answer: '204' })
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(Array(3).fill('finding-1'))
  })

  test('is given up after four tries', async () => {
    answers = Array(9).fill(503)
    expect(await send()).toEqual({ delivered: false, answer: '503' })
    expect(received).toHaveLength(4)
  })

  test.each([400, 401, 410])('that is answered with %i is not sent again', async (status) => {
    answers = [status]
    expect(await send()).toEqual({ delivered: false, answer: String(status) })
    expect(received).toHaveLength(1)
  })

  test('follows no redirect: it is for this address and no other', async () => {
    answers = [307]
    expect(await send()).toEqual({ delivered: false, answer: '307' })
    expect(received).toHaveLength(1)
  })

  test('that nobody takes says why, without the address', async () => {
    const nobody = { url: 'http://127.0.0.1:1/token-in-a-path', key }
    expect(await sendWebhook(nobody, 'x', '{}', { clock })).toEqual({
      delivered: false,
      answer: expect.stringMatching(/^\w+$/),
    })
  })
})

test('a secret is base64 behind whsec_, or text; a short one is refused', () => {
  expect(webhookKey(`whsec_${key.toString('base64')}\n`)).toEqual(key)
  expect(webhookKey('a text of twenty-four bytes').toString()).toBe('a text of twenty-four bytes')
  expect(() => webhookKey('whsec_c2hvcnQ=')).toThrow(/has 5 bytes, expected 24 or more/)
})

test('the signature is that of the specification', () => {
  // The example that Standard Webhooks gives, whose key is shorter than one may be.
  const example = Buffer.from('plJ3nmyCDGBKInavdOK15jsl', 'base64')
  const at = new Date(1_731_705_121_000)
  const body = '{"event_type":"ping","data":{"success":true}}'
  expect(signWebhook(example, 'msg_loFOjxBNrRLzqYUf', at, body)['webhook-signature']).toBe(
    'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
  )
})
