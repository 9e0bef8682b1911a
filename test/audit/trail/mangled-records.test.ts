import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { awsTrail } from '../../../providers/aws/audit-trail.js'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import { gcpTrail } from '../../../providers/gcp/audit-trail.js'
import { localTrail } from '../../../providers/local/audit-trail.js'
import { vaultTrail } from '../../../providers/vault/audit-trail.js'
import type { AuditEvent, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { decryptEvent, decryptRecord } from '../aws/record.js'
import { azureEvent, otherShapes, storageRecord } from '../azure/records.js'
import { gcpEntry, gcpEvent } from '../gcp/records.js'
import { auditLine } from '../vault/lines.js'
import { eventOf } from './event-of.js'

/** As a table has it. */
const row = Object.fromEntries(
  Object.entries(decryptRecord()).map(([name, value]) => [
    name.toLowerCase(),
    typeof value === 'object' ? JSON.stringify(value) : value,
  ]),
)
const enveloped = { 'detail-type': 'x', source: 'aws.kms', detail: decryptRecord() }
const TRAILS = [
  ['aws', awsTrail.normalize, [decryptRecord(), enveloped, row]],
  ['gcp', gcpTrail.normalize, [gcpEntry()]],
  ['azure', azureTrail.normalize, [storageRecord(), ...Object.values(otherShapes)]],
  [
    'vault',
    vaultTrail.normalize,
    [JSON.parse(auditLine({ id: 'r-1', response: { batch_results: [{ key_version: 1 }] } }))],
  ],
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

/** What can stand in a text anywhere, and what no writer of JSON would put there. */
const SCRAPS = [
  ...['', '\0', '\ufeff', '\r\n', '\ufffd', '\ud800', '"\\ud800"', '"\\u0000"', '1e400', '-1e400', '9007199254740993'],
  ...['null', 'true', '""', '[]', '{}', '{', '}', '[', ']', '"', ',', ':', '\\'],
  ...['"a":1,"a":2,', '"__proto__":{},', '['.repeat(9_000), '[[1]]', `${'['.repeat(9_000)}${']'.repeat(9_000)}`],
  ...['{"a":'.repeat(9_000), `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`],
]

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

/** Whole values by scraps, so that the text is often JSON still; or any stretch of it. */
const VALUE = /"[^"\\]*"(?!\s*:)|-?\d+|true|false|null|\[\]|\{\}/g

describe.each(TRAILS)('%s', (provider, normalize, records) => {
  test(`${provider}: a record whose text is mangled is an event, ignored or quarantined`, () => {
    const places = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), scrap: fc.constantFrom(...SCRAPS) })
    fc.assert(
      fc.property(
        fc.constantFrom<object>(...records),
        places,
        fc.boolean(),
        fc.nat(40),
        (record, place, isValue, cut) => {
          const text = JSON.stringify(record)
          const stretches = isValue ? [...text.matchAll(VALUE)].map(({ index, 0: { length } }) => [index, length]) : []
          const [start = Math.floor(place.at * text.length), length = cut] =
            stretches[Math.floor(place.at * (stretches.length - 1))] ?? []
          assertWhole(normalize({ raw: text.slice(0, start) + place.scrap + text.slice(start + length) }))
        },
      ),
      { numRuns: 300 },
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
