import { expect, test } from '@jest/globals'
import { HOUR } from './digested-trail.js'
import { decryptRecord } from './record.js'
import { coveredBy, proofsOf, S3UnderTest, START } from './s3-under-test.js'

const under = S3UnderTest.forSuite()

const hours = (count: number) => new Date(START.getTime() + count * HOUR)

test('a file is read when it comes, and again with the digest of its hour, which attests it', async () => {
  const file = under.trail.deliver(hours(0.1), [decryptRecord({ eventID: 'e-1' }), decryptRecord({ eventID: 'e-2' })])
  expect(proofsOf(await under.pass(0.2))).toEqual([
    ['e-1', 'none'],
    ['e-2', 'none'],
  ])
  under.trail.digest([file])
  expect(proofsOf(await under.pass())).toEqual([
    ['e-1', 'digest'],
    ['e-2', 'digest'],
  ])
  expect(under.objects.get(file)).toMatchObject({ digestVerified: true, sha256: expect.any(Buffer) })
  expect(proofsOf(await under.pass(0.1))).toEqual([])
})

test('a record is exactly as it stands in the file, and says where that is', async () => {
  const raw = '{ "eventID" : "e-1", "odd":"}]\\"{[", "n": 1.0e0, "nested":{"a":[{}]} }'
  const file = under.trail.deliver(hours(0.1), [])
  under.trail.put(file, `{"Records":[${raw},\n{"eventID":"e-2"}]}`)
  const records = (await under.pass(0.2)).flatMap((batch) => batch.records)
  expect(records.map((record) => record.raw)).toEqual([raw, '{"eventID":"e-2"}'])
  expect(records[1]?.reference).toBe(`s3://trail-of-the-tests/${file}#1`)
})

test('of a file that is cut off, of one with something between its records, and of none, nothing is lost: what is no record is for the quarantine', async () => {
  const record = '{"eventID":"e-1"}'
  for (const contents of [`{"Records":[${record},{"event`, `{"Records":[${record},1,{}]}`, 'no file']) {
    under.trail.put(under.trail.deliver(hours(0.1), []), contents)
  }
  const records = (await under.pass(0.2)).flatMap((batch) => batch.records)
  expect(records.map(({ raw }) => raw).sort()).toEqual([',1,{}]}', ',{"event', 'no file', record, record])
})

test('an hour is complete when the digests of two hours more are good', async () => {
  for (let hour = 0; hour < 5; hour++) under.trail.hour()
  const covered = coveredBy(await under.pass(), true)
  expect(covered.map(({ from, to }) => [from, to])).toEqual([
    [hours(0), hours(1)],
    [hours(1), hours(2)],
    [hours(2), hours(3)],
  ])
  expect(covered[0]?.proof).toMatchObject({ publicKey: under.trail.key.fingerprint, files: 1 })
})

test('what has no digest yet is covered, but not completely', async () => {
  under.trail.deliver(hours(0.1), [decryptRecord()])
  const batches = await under.pass(1)
  expect(coveredBy(batches, true)).toEqual([])
  expect(coveredBy(batches, false)).toEqual([expect.objectContaining({ to: hours(0.75) })])
})

test('a digest without files proves a quiet hour', async () => {
  for (let hour = 0; hour < 3; hour++) under.trail.digest([])
  const batches = await under.pass()
  expect(coveredBy(batches, true)).toEqual([expect.objectContaining({ from: hours(0), to: hours(1) })])
  expect(await under.check('digest-chain')).toMatchObject({ state: 'ok' })
})

test('the chain goes on from pass to pass, and over midnight and pages of names', async () => {
  under.s3.state.pageSize = 1
  const ids: string[] = []
  const read: string[] = []
  for (let hour = 0; hour < 6; hour++) {
    ids.push(under.trail.hour().eventID)
    read.push(...proofsOf(await under.pass()).flatMap(([id, proof]) => (proof === 'digest' ? [id!] : [])))
  }
  expect(read).toEqual(ids)
  expect(under.cursor).toMatchObject({ verifiedFrom: START.toISOString(), problems: [] })
})

test('what was stored before a crash is not asked for again', async () => {
  for (let hour = 0; hour < 4; hour++) under.trail.hour()
  const state = { cursor: null, object: async () => undefined }
  const passing = under.reader.read(under.trail.end, state, new AbortController().signal)
  for (let batch = await passing.next(); !batch.done; batch = await passing.next()) {
    under.cursor = JSON.parse(JSON.stringify(batch.value.cursor))
    if (batch.value.covered?.complete) break
  }
  under.s3.state.requests.length = 0
  const read = proofsOf(await under.pass())
  expect(read.filter(([, proof]) => proof === 'digest')).toHaveLength(1)
})

test('digests of another trail in the same bucket are not ours', async () => {
  const { digest } = under.trail.hour()
  const other = under.bucket.get(digest.name)!
  under.bucket.delete(digest.name)
  under.bucket.set(digest.name.replace('_main_', '_other_'), other)
  await under.pass()
  expect(await under.check('digest-chain')).toMatchObject({ state: 'ok' })
})

test('denied access to the bucket or to the public keys makes the reader blind', async () => {
  under.trail.hour()
  under.s3.state.denied = /CloudTrail/
  await expect(under.pass()).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
  expect(await under.check('bucket-is-readable')).toMatchObject({ state: 'failed' })
  under.s3.state.denied = /_CloudTrail_.*gz/
  await expect(under.pass()).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
  delete under.s3.state.denied
  under.cloudTrail.faults.add({ fault: 'deny', times: 1 })
  await expect(under.pass()).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
})
