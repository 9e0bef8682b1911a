import { expect, test } from '@jest/globals'
import { normalize } from '../../../providers/aws/trail/normalize.js'
import { withSharedFolder } from '../../setup/shared-data.js'
import { testSamples } from '../trail/sample-events.js'

testSamples('aws', normalize)

withSharedFolder('samples of CloudTrail', 'audit-samples/aws', (files) => {
  test('every event of the KMS among them is kept, with a known class of operation', () => {
    const ofKms = files.filter(({ content }) => /"eventSource": *"kms.amazonaws.com"/.test(content))
    expect(ofKms.length).toBeGreaterThan(50)
    for (const { name, content } of ofKms) {
      const found = normalize({ raw: content })
      const operationClass = 'event' in found ? found.event.operationClass : 'no event'
      expect([name, operationClass]).not.toEqual([name, expect.stringMatching(/^(other|no event)$/)])
    }
  })
})

test('an envelope around an envelope, and one that is nested too deeply', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  for (const raw of [deep, `{"eventName":[${deep}]}`, '{"CloudTrailEvent":"{"}', '[{},{}]', 'null']) {
    expect(normalize({ raw })).toHaveProperty('quarantined')
  }
})
