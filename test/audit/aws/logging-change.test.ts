import { describe, expect, test } from '@jest/globals'
import { kmsExclusion } from '../../../providers/aws/trail/kms-exclusion.js'
import { decryptRecord, eventOf, normalized } from './record.js'

const ofCloudTrail = (eventName: string, requestParameters: object | null = { name: 'main' }, changes: object = {}) =>
  decryptRecord({
    eventSource: 'cloudtrail.amazonaws.com',
    eventName,
    requestParameters,
    resources: undefined,
    readOnly: false,
    ...changes,
  })

const SELECTORS = { includeManagementEvents: true, readWriteType: 'All' }
const management = { field: 'eventCategory', equals: ['Management'] }

test.each(['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'AnOperationOfTomorrow'])(
  '%s changes the trail',
  (operation) => {
    const found = eventOf(ofCloudTrail(operation))
    expect(found).toMatchObject({ kind: 'logging', operationClass: 'logging', operation })
    expect(found.statusDetail).toContain('main')
  },
)

test.each(['GetTrailStatus', 'LookupEvents', 'DescribeTrails', 'ListPublicKeys'])('%s only looks', (operation) => {
  expect(normalized(ofCloudTrail(operation, null, { readOnly: true }))).toHaveProperty('ignored')
})

test.each(['AddTags', 'StartQuery', 'CreateDashboard', 'StartImport'])(
  '%s changes nothing that is logged',
  (operation) => {
    expect(normalized(ofCloudTrail(operation))).toHaveProperty('ignored')
  },
)

test('selectors without the KMS are told', () => {
  const eventSelectors = [{ ...SELECTORS, excludeManagementEventSources: ['kms.amazonaws.com'] }]
  const found = eventOf(ofCloudTrail('PutEventSelectors', { trailName: 'main', eventSelectors }))
  expect(found.statusDetail).toBe(
    'main: reads and writes of kms.amazonaws.com are left out (excludes kms.amazonaws.com)',
  )
})

test('a failed attempt keeps the reason of its failure', () => {
  const failed = { errorCode: 'InvalidTrailNameException', errorMessage: 'no such trail' }
  expect(eventOf(ofCloudTrail('StopLogging', {}, failed))).toMatchObject({
    kind: 'logging',
    outcome: 'error',
    statusDetail: 'no such trail',
  })
})

describe('event selectors that log all of the KMS', () => {
  test.each<[string, object]>([
    ['of all management events', { EventSelectors: [{ IncludeManagementEvents: true, ReadWriteType: 'All' }] }],
    ['by their defaults', { eventSelectors: [{}] }],
    ['reads and writes apart', { eventSelectors: [{ readWriteType: 'ReadOnly' }, { readWriteType: 'WriteOnly' }] }],
    [
      'advanced',
      { AdvancedEventSelectors: [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }] },
    ],
    [
      'without another service',
      {
        advancedEventSelectors: [
          { fieldSelectors: [management, { field: 'eventSource', notEquals: ['rdsdata.amazonaws.com'] }] },
        ],
      },
    ],
    ['beside data events', { eventSelectors: [{ includeManagementEvents: false }, SELECTORS] }],
  ])('%s', (_name, selectors) => {
    expect(kmsExclusion(selectors as Record<string, unknown>)).toBeUndefined()
  })
})

describe('event selectors that leave out some of the KMS', () => {
  const advanced = (...fields: object[]) => ({ advancedEventSelectors: [{ fieldSelectors: [management, ...fields] }] })
  test.each<[string, object]>([
    [
      'all of it',
      { EventSelectors: [{ IncludeManagementEvents: true, ExcludeManagementEventSources: ['kms.amazonaws.com'] }] },
    ],
    ['reads, which every use of a key is', { eventSelectors: [{ readWriteType: 'WriteOnly' }] }],
    ['writes, such as DisableKey', { eventSelectors: [{ readWriteType: 'ReadOnly' }] }],
    ['management events', { eventSelectors: [{ includeManagementEvents: false }] }],
    ['by source', advanced({ field: 'eventSource', notEquals: ['kms.amazonaws.com'] })],
    ['by other sources', advanced({ field: 'eventSource', equals: ['s3.amazonaws.com'] })],
    ['by begin of the source', advanced({ field: 'eventSource', notStartsWith: ['kms'] })],
    ['by end of the source', advanced({ field: 'eventSource', endsWith: ['.example'] })],
    ['by reads', advanced({ field: 'readOnly', equals: ['false'] })],
    ['by caller', advanced({ field: 'userIdentity.arn', notEquals: ['arn:aws:iam::111122223333:role/x'] })],
    ['by category', { advancedEventSelectors: [{ fieldSelectors: [{ field: 'eventCategory', equals: ['Data'] }] }] }],
    ['without selectors', {}],
  ])('%s', (_name, selectors) => {
    expect(kmsExclusion(selectors as Record<string, unknown>)).toMatch(/left out/)
  })
})
