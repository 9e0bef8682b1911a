import { describe, expect, test } from '@jest/globals'
import { ACCOUNT, decryptEvent, KEY_ARN, KEY_ID, OTHER_KEY_ARN, REGION } from './record.js'

const resource = (ARN: string) => ({ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN })

describe('one key by every name', () => {
  test.each(['alias/service', `arn:aws:kms:${REGION}:${ACCOUNT}:alias/service`, KEY_ID])('%s', (keyId) => {
    expect(decryptEvent({ requestParameters: { keyId } })).toMatchObject({ kekId: KEY_ARN, requestedKey: keyId })
  })

  test('its ARN', () => {
    expect(decryptEvent({ requestParameters: { keyId: KEY_ARN } })).not.toHaveProperty('requestedKey')
  })

  test('the ARN of the resources counts, whatever was typed', () => {
    expect(decryptEvent({ requestParameters: { keyId: OTHER_KEY_ARN } }).kekId).toBe(KEY_ARN)
  })
})

describe('without resources', () => {
  const refused = (keyId: string) => decryptEvent({ resources: null, requestParameters: { keyId } })

  test('ARN and bare id are the key', () => {
    expect(refused(KEY_ARN).kekId).toBe(KEY_ARN)
    expect(refused(KEY_ID).kekId).toBe(KEY_ARN)
  })

  test('a refusal names the key in its message', () => {
    const message = (resource: string) => ({
      ...{ resources: null, requestParameters: null, errorCode: 'AccessDenied' },
      errorMessage: `User: arn:aws:sts::${ACCOUNT}:assumed-role/a/b is not authorized to perform: kms:Decrypt on resource: ${resource} because no policy allows it`,
    })
    expect(decryptEvent(message(KEY_ARN)).kekId).toBe(KEY_ARN)
    expect(decryptEvent(message(`arn:aws:kms:${REGION}:${ACCOUNT}:alias/a`))).not.toHaveProperty('kekId')
  })

  test('what the KMS did by itself names the key in its details', () => {
    const rotated = { eventName: 'RotateKey', eventType: 'AwsServiceEvent', resources: null, requestParameters: null }
    expect(decryptEvent({ ...rotated, serviceEventDetails: { keyId: KEY_ID } }).kekId).toBe(KEY_ARN)
  })

  test('an alias is no key', () => {
    expect(refused('alias/service')).toMatchObject({ requestedKey: 'alias/service' })
    expect(refused('alias/service')).not.toHaveProperty('kekId')
  })

  test.each([
    ['aws-cn', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1'],
    ['aws-eusc', 'eusc-de-east-1'],
    ['aws-iso-b', 'us-isob-east-1'],
  ])('a bare id of the partition %s', (partition, awsRegion) => {
    const { kekId } = decryptEvent({ awsRegion, resources: [], requestParameters: { keyId: KEY_ID } })
    expect(kekId).toBe(`arn:${partition}:kms:${awsRegion}:${ACCOUNT}:key/${KEY_ID}`)
  })
})

test('a multi-Region key is one KEK in every Region, as in our KEK refs', () => {
  const mrk = `key/mrk-${'0a'.repeat(16)}`
  expect(decryptEvent({ resources: [resource(`arn:aws:kms:${REGION}:${ACCOUNT}:${mrk}`)] }).kekId).toBe(
    `arn:aws:kms::${ACCOUNT}:${mrk}`,
  )
})

test('the key among other resources, such as its alias', () => {
  const resources = [resource(`arn:aws:kms:${REGION}:${ACCOUNT}:alias/service`), resource(KEY_ARN)]
  expect(decryptEvent({ eventName: 'DeleteAlias', resources }).kekId).toBe(KEY_ARN)
})

test('a new key is named by the answer', () => {
  const made = {
    requestParameters: {},
    resources: [],
    responseElements: { keyMetadata: { arn: KEY_ARN, keyId: KEY_ID } },
  }
  expect(decryptEvent({ eventName: 'CreateKey', ...made }).kekId).toBe(KEY_ARN)
})

describe('a rewrap names both keys', () => {
  const rewrapped = (requestParameters: object, resources: object[]) =>
    decryptEvent({
      eventName: 'ReEncrypt',
      requestParameters,
      resources,
      additionalEventData: { sourceKeyMaterialId: 'aa', destinationKeyMaterialId: 'bb' },
    })

  test('in the order source, destination', () => {
    expect(rewrapped({ destinationKeyId: 'alias/new' }, [resource(OTHER_KEY_ARN), resource(KEY_ARN)])).toMatchObject({
      kekId: KEY_ARN,
      sourceKekId: OTHER_KEY_ARN,
      kekVersion: 'bb',
      operationClass: 'rewrap',
      requestedKey: 'alias/new',
    })
  })

  test('in another order, where the request says so', () => {
    const typed = { sourceKeyId: OTHER_KEY_ARN, destinationKeyId: KEY_ARN }
    expect(rewrapped(typed, [resource(KEY_ARN), resource(OTHER_KEY_ARN)])).toMatchObject({
      kekId: KEY_ARN,
      sourceKekId: OTHER_KEY_ARN,
    })
  })

  test.each([
    ['ReEncryptFrom', 'sourceKekId'],
    ['ReEncryptTo', 'kekId'],
  ])('refused without either, by what %s was refused on', (permission, member) => {
    const errorMessage = `User: arn:aws:iam::${ACCOUNT}:user/u is not authorized to perform: kms:${permission} on resource: ${KEY_ARN} because no policy allows it`
    const { kekId, sourceKekId } = decryptEvent({
      ...{
        eventName: 'ReEncrypt',
        requestParameters: null,
        resources: undefined,
        errorCode: 'AccessDenied',
        errorMessage,
      },
    })
    expect({ kekId, sourceKekId }).toEqual({ kekId: undefined, sourceKekId: undefined, [member]: KEY_ARN })
  })

  test('refused, by the request alone', () => {
    const typed = { sourceKeyId: OTHER_KEY_ARN, destinationKeyId: KEY_ARN }
    expect(rewrapped(typed, [])).toMatchObject({ kekId: KEY_ARN, sourceKekId: OTHER_KEY_ARN })
  })

  test('in the copy of an account that owns the source', () => {
    const typed = { destinationKeyId: KEY_ARN }
    expect(rewrapped(typed, [resource(OTHER_KEY_ARN)])).toMatchObject({ kekId: KEY_ARN, sourceKekId: OTHER_KEY_ARN })
  })

  test('with both contexts, of which the one of the new wrap is shown', () => {
    const typed = { sourceEncryptionContext: { a: '1' }, destinationEncryptionContext: { a: '2' } }
    expect(rewrapped(typed, [resource(KEY_ARN), resource(KEY_ARN)])).toMatchObject({
      context: { a: '2' },
      kekId: KEY_ARN,
      sourceKekId: KEY_ARN,
    })
  })
})
