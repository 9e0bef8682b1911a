import { expect, test } from '@jest/globals'
import { ago, idsOf, LookupUnderTest, MINUTE, NOW, trailEvent, uidsOf } from './lookup-under-test.js'

const under = LookupUnderTest.forSuite()

const many = (count: number, every = 1_000) =>
  Array.from({ length: count }, (_, index) => trailEvent(ago(MINUTE + index * every)))

test('all pages of a window are read, newest first, each record as it was received', async () => {
  const events = under.add(...many(120))
  const batches = await under.pass(under.reader())
  expect(uidsOf(batches)).toEqual(idsOf(events))
  expect(batches[0]?.records[0]?.raw).toBe(JSON.stringify(events[0]?.record))
})

test('events of CloudTrail itself are read as well', async () => {
  const [stop] = under.add(
    trailEvent(ago(MINUTE), { eventSource: 'cloudtrail.amazonaws.com', eventName: 'StopLogging', readOnly: false }),
    trailEvent(ago(MINUTE), { eventSource: 's3.amazonaws.com' }),
  )
  expect(uidsOf(await under.pass(under.reader()))).toEqual(idsOf([stop!]))
})

test('a request a second is made, and not more', async () => {
  under.add(...many(180))
  const times: number[] = []
  under.server.state.onRequest = () => times.push(under.clock.now())
  await under.pass(under.reader())
  expect(times.length).toBe(5)
  expect(times.slice(1).every((time, index) => time - times[index]! >= 1_000)).toBe(true)
})

test('events that happen while a window is paged through move no page', async () => {
  const events = under.add(...many(120))
  under.server.state.onRequest = () => under.add(trailEvent(new Date(NOW.getTime() + MINUTE)))
  expect(uidsOf(await under.pass(under.reader()))).toEqual(idsOf(events))
})

test('an empty page with a token is no end', async () => {
  const events = under.add(...many(3))
  under.server.state.emptyPages = 2
  expect(uidsOf(await under.pass(under.reader()))).toEqual(idsOf(events))
})

test('a token that is refused begins the window again, and nothing is lost', async () => {
  const events = under.add(...many(120))
  let requests = 0
  under.server.state.onRequest = () => {
    under.server.state.forgetTokens = ++requests === 2
  }
  const read = uidsOf(await under.pass(under.reader()))
  expect(new Set(read)).toEqual(new Set(idsOf(events)))
})

test('tokens that are always refused end the pass with an error', async () => {
  under.add(...many(120, 0))
  under.server.state.forgetTokens = true
  await expect(under.pass(under.reader())).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
})

test('throttling, which is an answer with status 400, and failures of the server are waited for', async () => {
  const events = under.add(...many(2))
  under.server.faults.add({ fault: 'throttle', times: 3 })
  under.server.faults.add({ fault: 'server error', times: 1 })
  const start = under.clock.now()
  expect(uidsOf(await under.pass(under.reader()))).toEqual(idsOf(events))
  expect(under.clock.now() - start).toBeGreaterThan(10_000)
})

test('throttling without an end is an error that the mirror tries again later', async () => {
  under.server.faults.add({ fault: 'throttle' })
  await expect(under.pass(under.reader())).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'throttled' })
})

test('access that is denied makes the reader blind', async () => {
  under.server.faults.add({ fault: 'deny' })
  await expect(under.pass(under.reader())).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
})

test('a pass that breaks off is made again from its begin', async () => {
  const events = under.add(...many(120))
  under.server.faults.add({ fault: 'latency', ms: 0, times: 2 })
  under.server.faults.add({ fault: 'deny', times: 1 })
  await expect(under.pass(under.reader())).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
  expect(under.cursor).toBeNull()
  expect(uidsOf(await under.pass(under.reader()))).toEqual(idsOf(events))
})

test('events of another account than the configured one are refused', async () => {
  under.add(trailEvent(ago(MINUTE), { recipientAccountId: '444455556666' }))
  await expect(under.pass(under.reader())).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})

test('a member of that name in an encryption context stops nothing', async () => {
  const encryptionContext = { recipientAccountId: '444455556666' }
  const events = under.add(trailEvent(ago(MINUTE), { requestParameters: { encryptionContext } }))
  expect(uidsOf(await under.pass(under.reader()))).toEqual(idsOf(events))
})

test('a record that is missing in an answer goes to quarantine', async () => {
  const client = { lookupEvents: async () => ({ $metadata: {}, Events: [{ EventId: 'x' }] }) }
  const batches = await under.pass(under.reader({ client }))
  expect(batches[0]?.records[0]).toEqual({ raw: '{"EventId":"x"}', reference: 'cloudtrail:event/x' })
})

test('an aborted pass ends at once', async () => {
  const controller = new AbortController()
  under.server.state.onRequest = () => controller.abort(new Error('enough'))
  const reading = under.reader().read(NOW, { cursor: null, object: async () => undefined }, controller.signal)
  await expect(reading.next()).rejects.toThrow('enough')
})
