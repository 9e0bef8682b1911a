import { describe, expect, test } from '@jest/globals'
import { awsTrail } from '../../../providers/aws/audit-trail.js'
import { ACCOUNT, decryptEvent, KEY_ARN, REGION } from './record.js'

test('a KEK is looked for where its ARN says, by the id of our KEK refs', () => {
  expect(awsTrail.scopeOf({ id: KEY_ARN })).toBe(`${ACCOUNT}/${REGION}`)
  expect(awsTrail.kekIdOf({ id: KEY_ARN })).toBe(decryptEvent().kekId)
})

test('a multi-Region key is used where its replica is, which its id does not say', () => {
  expect(awsTrail.scopeOf({ id: `arn:aws:kms::${ACCOUNT}:key/mrk-${'0a'.repeat(16)}` })).toBeUndefined()
})

test('the requests of every operation are names that the trail knows', () => {
  const names = new Set(Object.values(awsTrail.requests).flat())
  for (const eventName of names) expect(decryptEvent({ eventName }).operationClass).not.toBe('other')
})

describe('expected is', () => {
  const matches = (changes: object) =>
    awsTrail.expected.filter((each) => each.matches(decryptEvent(changes))).map(({ id }) => id)
  const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/AWSServiceRoleForConfig/x`
  const userIdentity = { type: 'AssumedRole', arn, invokedBy: 'config.amazonaws.com' }

  test('a test of permissions, which uses no key', () => {
    expect(matches({ errorCode: 'DryRunOperationException' })).toEqual(['aws-dry-run/1'])
  })

  test('a look at a key by a service of AWS', () => {
    expect(matches({ eventName: 'DescribeKey', userIdentity })).toEqual(['aws-service-looks/1'])
  })

  test('no use of a key, whoever used it, and no look by anybody else', () => {
    expect(matches({ userIdentity })).toEqual([])
    expect(matches({ eventName: 'DescribeKey' })).toEqual([])
    expect(matches({ eventName: 'DescribeKey', userIdentity: { type: 'AssumedRole', arn } })).toEqual([])
    expect(matches({ errorCode: 'AccessDenied' })).toEqual([])
  })
})
