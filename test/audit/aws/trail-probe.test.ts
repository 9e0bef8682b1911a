import { beforeEach, describe, expect, test } from '@jest/globals'
import { BUCKET } from './digested-trail.js'
import { S3UnderTest } from './s3-under-test.js'

const under = S3UnderTest.forSuite()

const GOOD = {
  GetTrailStatus: { IsLogging: true },
  GetTrail: { Trail: { S3BucketName: BUCKET, IsMultiRegionTrail: true, LogFileValidationEnabled: true } },
  GetEventSelectors: { EventSelectors: [{ IncludeManagementEvents: true, ReadWriteType: 'All' }] },
}

beforeEach(() => {
  Object.assign(under.cloudTrail.state.answers, GOOD)
  under.cloudTrail.faults.clear()
})

async function states(): Promise<Record<string, string>> {
  const checks = await under.reader.probe(new AbortController().signal)
  return Object.fromEntries(checks.map(({ id, state }) => [id, state]))
}

test('a trail of everything, with digests, of all Regions, is fine', async () => {
  expect(await states()).toEqual({
    'trail-is-logging': 'ok',
    'trail-delivers': 'ok',
    'trail-bucket': 'ok',
    'multi-region': 'ok',
    'log-file-validation': 'ok',
    'kms-is-logged': 'ok',
    'bucket-is-readable': 'ok',
    'digest-chain': 'ok',
  })
})

describe('failed, with what to do about it:', () => {
  const trail = GOOD.GetTrail.Trail
  test.each<[string, object]>([
    ['trail-is-logging', { GetTrailStatus: { IsLogging: false } }],
    ['trail-delivers', { GetTrailStatus: { IsLogging: true, LatestDeliveryError: 'AccessDenied' } }],
    ['trail-bucket', { GetTrail: { Trail: { ...trail, S3BucketName: 'another' } } }],
    ['multi-region', { GetTrail: { Trail: { ...trail, IsMultiRegionTrail: false } } }],
    ['log-file-validation', { GetTrail: { Trail: { ...trail, LogFileValidationEnabled: false } } }],
    [
      'kms-is-logged',
      { GetEventSelectors: { EventSelectors: [{ ExcludeManagementEventSources: ['kms.amazonaws.com'] }] } },
    ],
  ])('%s', async (id, answers) => {
    Object.assign(under.cloudTrail.state.answers, answers)
    expect(await under.check(id)).toMatchObject({ state: 'failed', remedy: expect.any(String) })
    const failed = Object.entries(await states()).filter(([, state]) => state !== 'ok')
    expect(failed).toEqual([[id, 'failed']])
  })

  test('a trail that is gone', async () => {
    delete under.cloudTrail.state.answers['GetTrailStatus']
    expect(await under.check('trail-is-logging')).toMatchObject({ state: 'failed', evidence: 'there is no such trail' })
  })
})

test('what may not be asked is unknown, never fine', async () => {
  under.cloudTrail.faults.add({ fault: 'deny' })
  expect(await states()).toMatchObject({
    'trail-is-logging': 'unknown',
    'log-file-validation': 'unknown',
    'kms-is-logged': 'unknown',
  })
})
