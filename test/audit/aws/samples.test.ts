import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { normalize } from '../../../providers/aws/trail/normalize.js'
import { withSharedFolder } from '../../setup/shared-data.js'
import { decryptRecord } from './record.js'

const kindOf = (raw: string) => Object.keys(normalize({ raw }))[0] as 'event' | 'ignored' | 'quarantined'

/** Pieces of identities and no events: what cannot be understood is kept for a person, and not passed over. */
const NO_EVENTS = /identity-variants/

withSharedFolder('samples of CloudTrail', 'audit-samples/aws', (files) => {
  test('every sample of CloudTrail is an event or ignored', () => {
    const kinds = files.map(({ content }) => kindOf(content))
    const count = (kind: string) => kinds.filter((each) => each === kind).length
    const line = `samples of CloudTrail: ${count('event')} events, ${count('ignored')} ignored, ${count('quarantined')} in quarantine`
    process.stderr.write(`${line} of ${files.length}\n`)
    expect(files.filter(({ name }, index) => kinds[index] === 'quarantined' && !NO_EVENTS.test(name))).toEqual([])
  })

  test('every event of the KMS among them is kept, with a known class of operation', () => {
    const ofKms = files.filter(({ content }) => /"eventSource": *"kms.amazonaws.com"/.test(content))
    expect(ofKms.length).toBeGreaterThan(50)
    for (const { name, content } of ofKms) {
      const found = normalize({ raw: content })
      expect([name, 'event' in found && found.event.operationClass]).not.toContain('other')
      expect([name, 'event' in found]).toContain(true)
    }
  })

  test('mangled samples never throw', () => {
    const mangled = fc.constantFrom(...files).chain(({ content }) => manglings(content))
    fc.assert(fc.property(mangled, (raw) => Object.keys(normalize({ raw })).length === 1))
  })
})

withSharedFolder('samples built by hand', 'audit-samples/derived', (files) => {
  test('every sample of AWS that was built by hand is an event', () => {
    const ours = files.filter(({ name }) => name.startsWith('aws-'))
    expect(ours.length).toBeGreaterThan(0)
    expect(ours.filter(({ content }) => kindOf(content) !== 'event')).toEqual([])
  })
})

test('mangled records never throw', () => {
  fc.assert(
    fc.property(manglings(JSON.stringify(decryptRecord())), (raw) => Object.keys(normalize({ raw })).length === 1),
  )
})

test('any text is answered', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (raw) => kindOf(raw) !== 'event'))
})

test('an envelope around an envelope, and one that is nested too deeply', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  for (const raw of [deep, `{"Records":[{"Records":[${deep}]}]}`, '{"CloudTrailEvent":"{"}', '{"Records":null}']) {
    expect(kindOf(raw)).toBe('quarantined')
  }
  const nested = JSON.stringify(decryptRecord({ eventID: undefined })).replace('"ASIATESTACCESSKEY"', deep)
  expect(['event', 'quarantined']).toContain(kindOf(nested))
})

/** The text cut off, a character exchanged, and members of another type, at any depth. */
function manglings(content: string): fc.Arbitrary<string> {
  const cut = fc.nat(content.length).map((end) => content.slice(0, end))
  const exchanged = fc
    .tuple(fc.nat(content.length), fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }))
    .map(([at, text]) => content.slice(0, at) + text + content.slice(at + 1))
  const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('', '\0', '\uD800', null, [], [null], {}))
  return fc.oneof(cut, exchanged, retyped(content, values))
}

function retyped(content: string, values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const record: unknown = JSON.parse(content)
  let members = 0
  JSON.stringify(record, (_name, each: unknown) => {
    members++
    return each
  })
  return fc.tuple(fc.nat(members - 1), values).map(([place, value]) => {
    let at = 0
    return JSON.stringify(record, (_name, each: unknown) => (at++ === place ? value : each)) ?? 'null'
  })
}
