import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { withoutSecrets } from '../../providers/vault/trail/clear-values.js'
import { normalizeVault } from '../../providers/vault/trail/normalize.js'
import { auditLine } from '../audit/vault/lines.js'

const WORDS = ['event', 'ignored', 'quarantined']

/** Some member of a line, wherever it stands, is replaced by any JSON. */
const mangled = fc
  .tuple(
    fc.constantFrom(
      auditLine({ id: 'r' }),
      auditLine({ id: 'r', path: 'transit/rewrap/k', response: { batch_results: [{ key_version: 1 }] } }),
    ),
    fc.nat(60),
    fc.jsonValue(),
  )
  .map(([line, at, value]) => {
    let seen = 0
    return JSON.stringify(JSON.parse(line), (_, member) => (seen++ === at ? value : member)) ?? 'null'
  })

test('any text, and a line with any member replaced, is an event, ignored or put aside; nothing throws', () => {
  fc.assert(
    fc.property(fc.oneof(mangled, fc.json(), fc.string({ unit: 'binary' })), (raw) => {
      const found = normalizeVault({ raw: withoutSecrets(raw) })
      const [word] = Object.keys(found)
      return Object.keys(found).length === 1 && WORDS.includes(word as string)
    }),
    { numRuns: 500 },
  )
})

test('values in clear of a login that failed, and in a line that is text in a container’s log, are not mirrored', () => {
  const login = { path: 'auth/approle/login', error: 'invalid role or secret ID', auth: { client_token: undefined } }
  const request = { client_token: undefined, data: { role_id: 'r', secret_id: 'test only' } }
  const line = auditLine({ ...login, request })
  for (const each of [line, JSON.stringify({ log: `${line}\n`, stream: 'stdout' })]) {
    expect(each).toContain('test only')
    expect(withoutSecrets(each)).not.toContain('test only')
  }
})

test('values in clear, nested so deeply that they cannot be taken out, are not mirrored', () => {
  const deep = `{"client_token":"test only","data":${'{"a":'.repeat(20_000)}"test only"${'}'.repeat(20_001)}`
  expect(withoutSecrets(deep)).not.toContain('test only')
})

test('a line that is cut anywhere is no event', () => {
  const line = auditLine({ id: 'r' })
  fc.assert(
    fc.property(fc.nat(line.length - 2), (end) => 'quarantined' in normalizeVault({ raw: line.slice(0, end + 1) })),
  )
})
