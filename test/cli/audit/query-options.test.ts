import { describe, expect, test } from '@jest/globals'
import { Command } from 'commander'
import { type QueryFlags, queryOf, withQuery } from '../../../src/cli/audit/query-options.js'

const NOW = new Date('2026-05-10T12:00:00Z')
const queryFor = (...args: string[]) => {
  const command = withQuery(new Command()).exitOverride().parse(args, { from: 'user' })
  return queryOf(command.opts<QueryFlags>(), NOW)
}

describe('an option is a filter:', () => {
  const cases: Record<string, readonly [value: string, query: object]> = {
    '--kind': ['attempt', { kinds: ['attempt'] }],
    '--actor': ['a', { actor: 'a' }],
    '--key': ['k', { key: 'k' }],
    '--tenant': ['t', { tenant: 't' }],
    '--entity': ['e', { entity: 'e' }],
    '--row': ['7', { row: '7' }],
    '--operation': ['Decrypt', { operation: 'Decrypt' }],
    '--outcome': ['denied', { outcome: 'denied' }],
    '--state': ['missing', { state: 'missing' }],
    '--provider': ['aws', { provider: 'aws' }],
    '--request': ['r', { requestId: 'r' }],
    '--category': ['audit', { category: 'audit' }],
    '--from': ['2026-05-01', { from: new Date('2026-05-01T00:00:00Z') }],
    '--to': ['2026-05-01T18:00:00Z', { to: new Date('2026-05-01T18:00:00Z') }],
  }
  for (const [flag, [value, query]] of Object.entries(cases)) {
    test(flag, () => expect(queryFor(flag, value)).toEqual(query))
  }
  test('none: everything', () => expect(queryFor()).toEqual({}))
  test('a time may be how long ago', () =>
    expect(queryFor('--from', '7d').from).toEqual(new Date('2026-05-03T12:00:00Z')))
})

test.each(['2026-02-30', '2026-05-01T18:00:00', '2026-05-01T18:00:00+02:00', 'yesterday', '7', ''])(
  '%j is no time',
  (text) => {
    expect(() => queryFor('--from', text)).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
  },
)
