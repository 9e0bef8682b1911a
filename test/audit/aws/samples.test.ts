import { expect, test } from '@jest/globals'
import fc from 'fast-check'
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

  test('samples that were cut off, and samples with other characters in them, never throw', () => {
    const mangled = fc.constantFrom(...files).chain(({ content }) => {
      const cut = fc.nat(content.length).map((end) => content.slice(0, end))
      const exchanged = fc
        .tuple(fc.nat(content.length), fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }))
        .map(([at, text]) => content.slice(0, at) + text + content.slice(at + 1))
      return fc.oneof(cut, exchanged)
    })
    fc.assert(fc.property(mangled, (raw) => Object.keys(normalize({ raw })).length === 1))
  })
})

test('an envelope around an envelope, and one that is nested too deeply', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  for (const raw of [deep, `{"eventName":[${deep}]}`, '{"CloudTrailEvent":"{"}', '[{},{}]', 'null']) {
    expect(normalize({ raw })).toHaveProperty('quarantined')
  }
})
