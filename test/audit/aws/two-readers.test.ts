import { expect, test } from '@jest/globals'
import { normalize } from '../../../providers/aws/trail/normalize.js'
import { mirrorOnce } from '../../../src/audit/mirror/mirror.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { mirrorSuite } from '../mirror/mirror-suite.js'
import { HOUR } from './digested-trail.js'
import { LeapingClock } from './leaping-clock.js'
import { DAY, LookupUnderTest, trailEvent } from './lookup-under-test.js'
import { S3UnderTest, START } from './s3-under-test.js'

const lookup = LookupUnderTest.forSuite()
const bucket = S3UnderTest.forSuite()

const suite = mirrorSuite()

async function mirror(reader: TrailReader): Promise<void> {
  const clock = new LeapingClock(bucket.trail.end)
  const [mirrored] = await mirrorOnce(suite.pool, [{ reader, normalize }], {
    signal: new AbortController().signal,
    clock,
  })
  expect(mirrored?.result.state).toBe('ok')
}

async function sightings(): Promise<string[]> {
  const { rows } = await suite.client.query(
    `SELECT s.reader || ' ' || g.proof AS sighting
    FROM (SELECT source, proof FROM waxseal.audit_event UNION ALL SELECT source, proof FROM waxseal.audit_sighting) g
    JOIN waxseal.trail_source s ON s.id = g.source ORDER BY 1`,
  )
  return rows.map(({ sighting }) => sighting)
}

test('an event by both readers is one row, which the digest of its hour attests when it comes', async () => {
  const [event] = lookup.add(trailEvent(new Date(START.getTime() + 0.1 * HOUR)))
  const file = bucket.trail.deliver(new Date(START.getTime() + 0.2 * HOUR), [event!.record])
  bucket.trail.digest([])
  await mirror(lookup.reader({ backMs: DAY }))
  await mirror(bucket.reader)
  expect(await sightings()).toEqual(['cloudtrail-lookup none', 'cloudtrail-s3 none'])
  bucket.trail.digest([file])
  await mirror(bucket.reader)
  expect(await sightings()).toEqual(['cloudtrail-lookup none', 'cloudtrail-s3 digest', 'cloudtrail-s3 none'])
  const { rows } = await suite.client.query(
    `SELECT (SELECT count(*)::int FROM waxseal.audit_event) AS events, count(*)::int AS contents
    FROM (SELECT canonical_sha256 FROM waxseal.audit_event UNION SELECT canonical_sha256 FROM waxseal.audit_sighting) c`,
  )
  expect(rows).toEqual([{ events: 1, contents: 1 }])
})
