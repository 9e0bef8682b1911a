import { describe, expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../../providers/local/index.js'
import type { Configuration } from '../../../src/config/index.js'
import { validateConfiguration } from '../../../src/config/load-configuration.js'
import { isWaxsealError } from '../../../src/index.js'
import { canary } from '../../setup/cli.js'

const provider = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 } as const
const table = {
  entity: 'credential',
  table: 'credential',
  primaryKey: { id: 'uuid' },
  fields: [{ column: 'password' }],
}

/** The message with which a configuration is refused. */
function refusal(configuration: unknown): string {
  try {
    validateConfiguration(configuration as Configuration)
  } catch (error) {
    if (!isWaxsealError(error) || error.code !== 'ERR_CONFIGURATION') throw error
    return error.message
  }
  throw new Error('it was accepted')
}

test('a provider alone is a configuration', () => {
  expect(validateConfiguration({ provider })).toMatchObject({ provider, recipients: [], accepted: [] })
})

test('a provider may be an object, and a recipient one that only wraps', () => {
  const local = new LocalProvider({ keys: provider.keys, currentKey: 1 })
  const recovery = { name: 'recovery', currentKek: () => Promise.reject(), wrap: () => Promise.reject() }
  const { provider: found, recipients } = validateConfiguration({ provider: local, recipients: [local, recovery] })
  expect([found, recipients]).toEqual([local, [local, recovery]])
})

test('a recipient that only wraps cannot be the provider', () => {
  const recovery = { name: 'recovery', currentKek: () => Promise.reject(), wrap: () => Promise.reject() }
  expect(refusal({ provider: recovery })).toMatch(/^configuration: provider: expected a provider/)
})

test('an acceptance ends at an instant, given as a Date or as text', () => {
  for (const [until, iso] of [
    ['2026-12-31', '2026-12-31T00:00:00.000Z'],
    ['2026-12-31T18:00:00Z', '2026-12-31T18:00:00.000Z'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
  ] as const) {
    expect(validateConfiguration({ provider, accepted: [{ provider, until }] }).accepted[0]?.until?.toISOString()).toBe(
      iso,
    )
  }
})

describe('refused, with the path, what is expected and what to do:', () => {
  const cases: [name: string, configuration: unknown, message: RegExp][] = [
    [
      'no configuration',
      undefined,
      /^configuration: the configuration: expected an object with the members provider, .*, found nothing$/,
    ],
    [
      'no provider',
      {},
      /^configuration: provider: expected a provider, or \{ name, … \}.*\(.*local.*\).*, found nothing$/,
    ],
    [
      'a time between rotations that is none',
      { provider, rotation: { every: '90 days' } },
      /rotation\.every: expected a duration such as 90d, found /,
    ],
    ['a schedule without one', { provider, rotation: {} }, /rotation\.every: expected a duration such as 90d/],
    [
      'a member of a schedule that nobody knows',
      { provider, rotation: { every: '90d', at: '3h' } },
      /rotation.*unknown|rotation\.at/,
    ],
    [
      'a provider that nobody knows',
      { provider: { name: 'lokal' } },
      /provider: expected a provider, or .*\(.*local.*\).*found another object$/,
    ],
    [
      'a recovery key as the provider',
      { provider: { name: 'offline', publicKeyFile: 'a.pem', confirmationFile: 'a.json' } },
      /^configuration: provider: expected a provider, which unwraps: .* list it in "recipients", found another object$/,
    ],
    [
      'a recovery key that may be read',
      { provider, accepted: [{ provider: { name: 'offline' } }] },
      /accepted\[0\]\.provider: expected a provider, which unwraps: /,
    ],
    [
      'a provider without all five methods',
      { provider: { name: 'local', wrap: () => 1, unwrap: () => 1 } },
      /provider: expected a provider/,
    ],
    [
      'an unknown option',
      { provider, recipient: [] },
      /^configuration: recipient: no such option; known are provider, recipients, /,
    ],
    [
      'an unknown option in a list',
      { provider, accepted: [{ provider, untill: '' }] },
      /accepted\[0\]\.untill: no such option; known are provider, kek, until$/,
    ],
    [
      'an unknown option of a KEK',
      { provider, accepted: [{ provider, kek: { id: 'x', name: 'x' } }] },
      /accepted\[0\]\.kek\.name: no such option; known are id, version$/,
    ],
    [
      'recipients that are no list',
      { provider, recipients: provider },
      /recipients: expected a list, found another object$/,
    ],
    [
      'an instant that is none',
      { provider, accepted: [{ provider, until: '2026-13-01' }] },
      /accepted\[0\]\.until: expected a Date, or .*found other text$/,
    ],
    [
      'a day that does not exist',
      { provider, accepted: [{ provider, until: '2026-02-30' }] },
      /accepted\[0\]\.until: expected a Date, or/,
    ],
    [
      'an instant without its zone',
      { provider, accepted: [{ provider, until: '2026-12-01 10:00' }] },
      /accepted\[0\]\.until: expected a Date, or/,
    ],
    [
      'a database of another kind',
      { provider, database: 'mysql://u@h/d' },
      /database: expected a URL such as postgres:\/\/user@host:5432\/database, found other text$/,
    ],
    [
      'a placeholder',
      { provider, database: 'postgres://change-me@h/d' },
      /database: expected a value of your own instead of the placeholder, found other text$/,
    ],
    [
      'an empty environment',
      { provider, environment: '' },
      /environment: expected text that is not empty, found empty text$/,
    ],
    [
      'a DataSource that is none',
      { provider, dataSource: 3 },
      /dataSource: expected a TypeORM DataSource, .*found a number$/,
    ],
    ['no table', { provider, tables: [] }, /tables: expected at least one table, found an empty list$/],
    [
      'tables twice',
      { provider, tables: [table], dataSource: './a.js' },
      /tables: expected either "dataSource" or "tables"/,
    ],
  ]
  for (const [name, configuration, message] of cases) {
    test(name, () => expect(refusal(configuration)).toMatch(message))
  }
})

test('all problems are in one message, a line each', () => {
  const message = refusal({ provider: null, database: 'x', environment: 1, other: true })
  expect(message.split('\n')).toEqual([
    'configuration: 4 problems',
    expect.stringMatching(/^ {2}provider: /),
    expect.stringMatching(/^ {2}database: /),
    expect.stringMatching(/^ {2}environment: /),
    expect.stringMatching(/^ {2}other: /),
  ])
})

test('no value is repeated, wherever it stands', () => {
  const secret = canary()
  const values = [secret, { secret }, [secret], { name: secret, keys: secret }]
  for (const option of [
    'provider',
    'recipients',
    'accepted',
    'database',
    'dataSource',
    'tables',
    'environment',
    'other',
  ]) {
    for (const value of values) {
      const isFine = (option === 'dataSource' || option === 'environment') && value === secret
      if (!isFine) expect(refusal({ provider, [option]: value })).not.toContain(secret)
    }
  }
})
