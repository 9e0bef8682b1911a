import { describe, expect, test } from '@jest/globals'
import { localTrail } from '../../../providers/local/audit-trail.js'
import type { AuditDeclaration } from '../../../src/config/index.js'
import { validateConfiguration } from '../../../src/config/load-configuration.js'

const provider = { name: 'local', keys: `1:${Buffer.alloc(32, 7).toString('base64')}` } as const
const trail = localTrail
const auditOf = (audit: unknown) => validateConfiguration({ provider, audit: audit as AuditDeclaration }).audit

test('trails keep the options of their readers, which are theirs to check', () => {
  const trails = [{ provider: 'vault', reader: 'audit-file', files: 'a.log' }]
  expect(auditOf({ trails })).toMatchObject({ trails, principals: [] })
})

test("a provider of one's own brings its trail", () => {
  const trails = [{ provider: 'volt', reader: 'x', trail }]
  expect(auditOf({ trails })).toMatchObject({ trails })
})

test('the principals of the application are a list', () => {
  expect(auditOf({ principals: ['arn:aws:iam::1:role/app'] })).toMatchObject({
    trails: [],
    principals: ['arn:aws:iam::1:role/app'],
  })
})

test('retention says how long records are kept', () => {
  expect(auditOf({ retention: { hot: '90d' } })).toMatchObject({ retention: { hot: '90d' } })
})

test.each(['https://alerts.example/x', 'http://localhost:8080/', 'http://127.0.0.1/'])(
  'a webhook at %s is told of high findings',
  (url) => {
    expect(auditOf({ alerts: { url } })?.alerts).toEqual({ url, minimum: 'high' })
  },
)

describe('refused:', () => {
  const cases: [name: string, audit: unknown, message: RegExp][] = [
    [
      'a trail of nobody',
      { trails: [{ provider: 'volt', reader: 'x' }] },
      /audit\.trails\[0\]\.provider: expected one of/,
    ],
    [
      'a trail of our own that is none',
      { trails: [{ provider: 'volt', reader: 'x', trail: { normalize: () => ({}) } }] },
      /audit\.trails\[0\]\.trail: expected a ProviderTrail, which has normalize, scopeOf/,
    ],
    [
      'another trail for a provider of those here',
      { trails: [{ provider: 'vault', reader: 'x', trail }] },
      /audit\.trails\[0\]\.trail: expected none for a provider of those here/,
    ],
    ['a trail without a reader', { trails: [{ provider: 'vault' }] }, /audit\.trails\[0\]\.reader: expected text/],
    [
      'less than the floor of retention',
      { retention: { hot: '89d' } },
      /audit\.retention: expected "hot" of at least 90d/,
    ],
    ['a member that nobody knows', { trial: [] }, /audit\.trial: no such option; known are trails, principals/],
    [
      'a webhook in plaintext',
      { alerts: { url: 'http://alerts.example/x' } },
      /audit\.alerts\.url: expected an https URL/,
    ],
    [
      'another severity',
      { alerts: { url: 'https://a.example', minimum: 'grave' } },
      /audit\.alerts\.minimum: expected one of info/,
    ],
    [
      'a secret in the configuration',
      { alerts: { url: 'https://a.example', secret: 'x' } },
      /audit\.alerts\.secret: no such option/,
    ],
    ['a principal that is no text', { principals: [1] }, /audit\.principals\[0\]: expected text, found a number/],
  ]
  test.each(cases)('%s', (_, audit, message) => expect(() => auditOf(audit)).toThrow(message))
})
