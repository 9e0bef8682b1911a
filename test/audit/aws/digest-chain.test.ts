import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { chainPositionOf } from '../../../providers/aws/trail/chain-position.js'
import { remembered } from '../../../providers/aws/trail/chain-steps.js'
import { HOUR, SigningKey } from './digested-trail.js'
import { decryptRecord } from './record.js'
import { coveredBy, proofsOf, S3UnderTest, START } from './s3-under-test.js'

const under = S3UnderTest.forSuite()

const hours = (count: number) => new Date(START.getTime() + count * HOUR)

/** Three good hours, one to be tampered with, and three more. */
function sevenHours() {
  const made = Array.from({ length: 7 }, () => under.trail.hour())
  return { ...made[3]!, all: made }
}

/** The pass finds exactly this, names the object, and calls no hour complete to which the hour of it may belong. */
async function expectFound(what: string, object: string, from = hours(1), to = hours(4)): Promise<void> {
  const batches = await under.pass()
  expect(under.cursor).toMatchObject({ problems: [{ what: expect.stringContaining(what), object }] })
  expect(await under.check('digest-chain')).toMatchObject({
    state: 'failed',
    evidence: expect.stringContaining(object),
  })
  expect(coveredBy(batches, false)).toContainEqual(expect.objectContaining({ from, to }))
  expect(coveredBy(batches, true).filter((each) => each.from < to && each.to > from)).toEqual([])
  // After it the chain is good again.
  expect(coveredBy(batches, true).at(-1)).toMatchObject({ to: hours(5) })
}

describe('found and located:', () => {
  test('a log file that is missing', async () => {
    const { file } = sevenHours()
    under.bucket.delete(file)
    await expectFound('missing', file)
  })

  test('a log file that was altered, whose events nothing attests', async () => {
    const { file } = sevenHours()
    under.trail.put(file, JSON.stringify({ Records: [decryptRecord({ eventID: 'forged' })] }))
    const batches = await under.pass()
    expect(proofsOf(batches).filter(([id]) => id === 'forged')).not.toContainEqual(['forged', 'digest'])
    expect(under.objects.get(file)).toMatchObject({ digestVerified: false })
    expect(under.cursor).toMatchObject({ problems: [{ what: 'the log file was altered', object: file }] })
  })

  test('a log file that is no gzip', async () => {
    const { file } = sevenHours()
    under.bucket.set(file, { body: Buffer.from('x'), metadata: {} })
    await expectFound('no gzip', file)
  })

  test('a digest that was altered', async () => {
    const { digest } = sevenHours()
    const { body, metadata } = under.bucket.get(digest.name)!
    const contents = JSON.parse(gunzipSync(body).toString())
    under.trail.put(digest.name, JSON.stringify({ ...contents, logFiles: [] }), metadata)
    await expectFound('the signature does not fit', digest.name)
  })

  test('a digest with the signature of another', async () => {
    const { digest, all } = sevenHours()
    const { body, metadata } = under.bucket.get(digest.name)!
    under.bucket.set(digest.name, { body, metadata: { ...metadata, signature: all[2]!.digest.signature } })
    await expectFound('the signature does not fit', digest.name)
  })

  test('a digest without a signature', async () => {
    const { digest } = sevenHours()
    under.bucket.set(digest.name, { body: under.bucket.get(digest.name)!.body, metadata: {} })
    await expectFound('no digest that is signed', digest.name)
  })

  test('a digest that is missing', async () => {
    const { digest } = sevenHours()
    under.bucket.delete(digest.name)
    await expectFound('the digest before is missing', digest.name)
  })

  test('a digest at the place of another', async () => {
    const { digest, all } = sevenHours()
    under.bucket.set(digest.name, under.bucket.get(all[2]!.digest.name)!)
    await expectFound('made for another place', digest.name)
  })

  test('a digest that was signed anew, after which the next was not made', async () => {
    const made = Array.from({ length: 3 }, () => under.trail.hour())
    const before = under.trail.last
    const fourth = under.trail.hour()
    const { body, metadata } = under.bucket.get(fourth.digest.name)!
    for (let hour = 0; hour < 3; hour++) under.trail.hour()
    // As an insider would who had the key: the chain that follows is the one that was there.
    const contents = JSON.stringify({ ...JSON.parse(gunzipSync(body).toString()), logFiles: [] })
    const hash = createHash('sha256').update(contents).digest('hex')
    const text = `${JSON.parse(contents).digestEndTime}\ntrail-of-the-tests/${fourth.digest.name}\n${hash}\n${before!.signature}`
    under.trail.put(fourth.digest.name, contents, { ...metadata, signature: under.trail.key.sign(text) })
    await expectFound('not the one that the next was made after', fourth.digest.name, hours(2))
    expect(made).toHaveLength(3)
  })

  test('a chain that begins anew: logging was off', async () => {
    for (let hour = 0; hour < 4; hour++) under.trail.hour()
    under.trail.last = undefined
    const { digest } = under.trail.hour()
    for (let hour = 0; hour < 2; hour++) under.trail.hour()
    await expectFound('begins anew', digest.name, hours(2))
  })

  test('the key of another Region', async () => {
    const { own, other } = SigningKey
    for (let hour = 0; hour < 3; hour++) under.trail.hour()
    under.trail.key = other
    const { digest } = under.trail.hour()
    under.trail.key = own
    for (let hour = 0; hour < 3; hour++) under.trail.hour()
    await expectFound(
      `no public key of CloudTrail in eu-central-1 has the fingerprint ${other.fingerprint}`,
      digest.name,
    )
  })
})

test('another key of the Region is no problem', async () => {
  under.trail.hour()
  under.trail.key = SigningKey.other
  under.knows(SigningKey.own, SigningKey.other)
  for (let hour = 0; hour < 3; hour++) under.trail.hour()
  await under.pass()
  expect(under.cursor).toMatchObject({ verifiedFrom: START.toISOString(), problems: [] })
})

test('a digest that is late is waited for', async () => {
  for (let hour = 0; hour < 2; hour++) under.trail.hour()
  const { digest } = under.trail.hour()
  const late = under.bucket.get(digest.name)!
  under.bucket.delete(digest.name)
  under.trail.hour()
  await under.pass(0.5)
  expect(under.cursor).toMatchObject({ digestedTo: hours(2).toISOString(), problems: [] })
  under.bucket.set(digest.name, late)
  await under.pass(0.6)
  expect(under.cursor).toMatchObject({ digestedTo: hours(4).toISOString(), problems: [] })
})

test('a digest that is made later attests what it names, and is in no chain', async () => {
  for (let hour = 0; hour < 3; hour++) under.trail.hour()
  await under.pass()
  const forgotten = under.trail.deliver(hours(1.5), [decryptRecord({ eventID: 'forgotten' })])
  const { name } = under.trail.backfill(hours(2), [forgotten], hours(4))
  under.trail.hour()
  const batches = await under.pass()
  expect(proofsOf(batches)).toContainEqual(['forgotten', 'digest'])
  expect(under.objects.get(name)).toMatchObject({ digestVerified: true })
  expect(under.cursor).toMatchObject({ verifiedFrom: START.toISOString(), problems: [] })
  expect(proofsOf(await under.pass(0.1))).toEqual([])
})

test('one that is made days later is found within a day', async () => {
  under.trail.hour()
  await under.pass()
  await under.pass(30)
  const forgotten = under.trail.deliver(hours(0.5), [decryptRecord({ eventID: 'forgotten' })])
  under.trail.backfill(hours(1), [forgotten], hours(40))
  under.bucket.delete(forgotten)
  await under.pass(40)
  await under.pass(55)
  expect(under.cursor).toMatchObject({ problems: [{ what: expect.stringContaining('missing'), object: forgotten }] })
})

test('what was found stays a failed check for seven days, in another process too', async () => {
  const { file } = sevenHours()
  under.bucket.delete(file)
  await under.pass()
  const { problems } = chainPositionOf(under.cursor)!
  expect(problems).toHaveLength(1)
  expect(remembered(problems, hours(7 * 24))).toEqual(problems)
  expect(remembered(problems, hours(8 * 24))).toEqual([])
})
