import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { awsTrail } from '../../../providers/aws/audit-trail.js'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import { gcpTrail } from '../../../providers/gcp/audit-trail.js'
import { localTrail } from '../../../providers/local/audit-trail.js'
import type { AuditEvent, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { decryptEvent, decryptRecord } from '../aws/record.js'
import { azureEvent, otherShapes, storageRecord } from '../azure/records.js'
import { gcpEntry, gcpEvent } from '../gcp/records.js'
import { eventOf } from './sample-events.js'

const TRAILS = [
  ['aws', awsTrail.normalize, [decryptRecord(), { 'detail-type': 'x', source: 'aws.kms', detail: decryptRecord() }]],
  ['gcp', gcpTrail.normalize, [gcpEntry()]],
  ['azure', azureTrail.normalize, [storageRecord(), ...Object.values(otherShapes)]],
  ['local', localTrail.normalize, [{}]],
] as const

/** One value somewhere in it is another, or a member is gone. */
function mangled(value: unknown, path: readonly number[], other: unknown): unknown {
  if (typeof value !== 'object' || value === null || path.length === 0) return other
  const [at = 0, ...rest] = path
  const names = Object.keys(value)
  const name = names[at % Math.max(names.length, 1)]
  if (name === undefined) return other
  const inner = mangled((value as Record<string, unknown>)[name], rest, other)
  return Array.isArray(value)
    ? value.map((each, i) => (String(i) === name ? inner : each))
    : { ...value, [name]: inner }
}

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 4, noUnicodeString: false }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\0', '\ud800', '__proto__', 'https://', '=1+1', undefined, -0),
)

function assertWhole(normalized: Normalized): void {
  if (!('event' in normalized)) return
  const { content, context = {}, ...event } = normalized.event
  const problems = Object.entries({ ...context, ...event }).filter(([, value]) => {
    return typeof value === 'string' ? false : !(value instanceof Date) || Number.isNaN(value.getTime())
  })
  expect(problems).toEqual([])
}

describe.each(TRAILS)('%s', (provider, normalize, records) => {
  test(`${provider}: any text is an event, ignored or quarantined`, () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => assertWhole(normalize({ raw }))))
    fc.assert(fc.property(fc.json(), (raw) => assertWhole(normalize({ raw }))))
  })

  test(`${provider}: a mangled record is an event, ignored or quarantined, the same each time`, () => {
    const path = fc.array(fc.nat({ max: 40 }), { maxLength: 5 })
    fc.assert(
      fc.property(fc.constantFrom<object>(...records), path, anything, (record, at, other) => {
        const raw = JSON.stringify(mangled(record, at, other)) ?? ''
        const normalized = normalize({ raw })
        assertWhole(normalized)
        expect(normalize({ raw })).toEqual(normalized)
      }),
      { numRuns: 200 },
    )
  })
})

const POISON: readonly (readonly [string, (text: string) => AuditEvent, (record: TrailRecord) => Normalized])[] = [
  ['aws', (text) => decryptEvent({ userAgent: text }), awsTrail.normalize],
  ['gcp', (text) => gcpEvent({ requestMetadata: { callerSuppliedUserAgent: text } }), gcpTrail.normalize],
  ['azure', (text) => azureEvent({ clientInfo: text }), azureTrail.normalize],
]

describe.each(POISON)('poison: %s', (provider, eventWith, normalize) => {
  test.each([
    ['a NUL', 'a\0b'],
    ['half a character', 'a\ud800b'],
    ['a formula', '=HYPERLINK("x")'],
    ['512 KiB', 'x'.repeat(512 * 1024)],
  ])(`${provider}: %s in the user agent is kept as it is written`, (_what, text) => {
    expect(eventWith(text).userAgent).toBe(text)
  })

  test(`${provider}: a record that is nested deeply, and one whose members have names of the language`, () => {
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
    expect(normalize({ raw: deep })).not.toHaveProperty('event')
    expect(
      normalize({ raw: '{"__proto__":{"serviceName":"cloudkms.googleapis.com"},"constructor":1}' }),
    ).not.toHaveProperty('event')
  })
})

test('a member that is there twice counts as it is read last', () => {
  const text = JSON.stringify(gcpEntry())
  const twice = text.replace('"methodName":"Decrypt"', '"methodName":"Encrypt","methodName":"Decrypt"')
  expect(eventOf(gcpTrail.normalize({ raw: twice }))).toEqual(gcpEvent())
})
