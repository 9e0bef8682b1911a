import { describe, expect, test } from '@jest/globals'
import { withActor } from '../../../src/audit/actor/actor.js'
import { AuditLogger } from '../../../src/audit/application/audit-logger.js'
import type { LedgerRow } from '../../../src/audit/ledger/ledger-row.js'
import { EnvelopeCipher } from '../../../src/index.js'
import { uuidV7 } from '../../../src/kms/uuid-v7.js'
import { FaultyProvider } from '../../../src/testing/faulty-provider.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { expectNoTrace } from '../../setup/database.js'
import { loggerSuite, until } from './logger-suite.js'

const suite = loggerSuite()
const ACTOR = { actor: 'alice', tenant: 't-1', purpose: 'support', ticket: 'T-7', requestId: 'r-1', ip: '10.0.0.1' }
const binding = { entity: 'account', row: '7', context: { tenant: 't-1' } }
const password = { id: 'account.password', kind: 'text' } as const

describe('uses of data keys', () => {
  test('each is a row: from the cache, unwrapped, generated; with who asked when it was used', async () => {
    const logger = await suite.logger()
    const cipher = new EnvelopeCipher({ provider: new FaultyProvider(), accessLog: logger.accessLog })
    const { metadata } = await withActor(ACTOR, () => cipher.mint(binding))
    withActor({ actor: 'bob' }, () => cipher.openCached(metadata, binding))
    cipher.forgetAll()
    await cipher.open(metadata, binding)
    await logger.close()
    const rows = await suite.events()
    const kek = { kek_provider: 'fake', kek_id: metadata.wraps[0]!.kek.id, kek_version: '1' }
    const row = {
      category: 'access',
      outcome: 'success',
      entity: 'account',
      row_key: '7',
      envelope: metadata.id,
      ...kek,
    }
    const named = { actor: 'alice', tenant: 't-1', purpose: 'support', ticket: 'T-7', request: 'r-1', ip: '10.0.0.1' }
    expect(rows).toHaveLength(3)
    expect(rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...row, ...named, action: 'generate' }),
        expect.objectContaining({ ...row, action: 'use-cached', actor: 'bob', tenant: null }),
        expect.objectContaining({ ...row, action: 'unwrap', actor: null }),
      ]),
    )
  })

  test('neither plaintext nor data key is in any column', async () => {
    const logger = await suite.logger()
    const cipher = new EnvelopeCipher({ provider: new FaultyProvider(), accessLog: logger.accessLog })
    const canary = `canary-${uuidV7(0)}`
    const envelope = await cipher.mint(binding)
    envelope.encryptField(password, canary)
    cipher.openCached(envelope.metadata, binding)
    await logger.close()
    expect((await suite.events()).length).toBe(2)
    await expectNoTrace(suite.database.client, canary)
    const dataKey = envelope.dataKey.keyObject.export().toString('hex')
    await expectNoTrace(suite.database.client, dataKey)
  })

  test('of those from the cache one in so many is a row, where not all are wanted, and says for how many it stands', async () => {
    const logger = await suite.logger({ oneCacheHitIn: 10 })
    const cipher = new EnvelopeCipher({ provider: new FaultyProvider(), accessLog: logger.accessLog })
    const { metadata } = await cipher.mint(binding)
    for (let use = 0; use < 25; use++) cipher.openCached(metadata, binding)
    await logger.close()
    const rows = await suite.events()
    expect(rows.filter(({ action }) => action === 'use-cached').map(({ detail }) => detail)).toEqual([
      ...[{ one_in: 10 }, { one_in: 10 }, { one_in: 10 }],
    ])
    expect(rows).toHaveLength(4)
  })

  test('while they cannot be stored, no more are given out than fit into memory; then all are stored', async () => {
    const logger = await suite.logger({ capacity: 3 })
    const cipher = new EnvelopeCipher({ provider: new FaultyProvider(), accessLog: logger.accessLog })
    await suite.away(true)
    const { metadata } = await cipher.mint(binding)
    expect(cipher.openCached(metadata, binding)).toBeDefined()
    expect(cipher.openCached(metadata, binding)).toBeDefined()
    expect(cipher.openCached(metadata, binding)).toBeUndefined()
    const opening = cipher.open(metadata, binding)
    await until(() => !logger.health.ok)
    expect(logger.health).toMatchObject({ pending: 3, failure: expect.stringContaining('Postgres is away') })
    await suite.away(false)
    expect((await opening).metadata.id).toBe(metadata.id)
    await logger.close()
    expect((await suite.events()).map(({ action }) => action).sort()).toEqual([
      ...['generate', 'use-cached', 'use-cached', 'use-cached'],
    ])
  })
})

describe('events of the application', () => {
  test('an event is stored when the promise resolves, with who asked', async () => {
    const logger = await suite.logger()
    await withActor(ACTOR, () =>
      logger.log('tool', {
        ...{ action: 'run', outcome: 'error', reason: 'E_TIMEOUT', entity: 'account', row: '7' },
        ...{ envelope: 'e-1', kek: { provider: 'aws', id: 'k-1', version: '' } },
        detail: { tool: 'psql', duration_ms: 30, dry_run: false },
      }),
    )
    expect(await suite.events()).toMatchObject([
      {
        ...{ category: 'tool', action: 'run', outcome: 'error', reason: 'E_TIMEOUT', entity: 'account', row_key: '7' },
        ...{ envelope: 'e-1', kek_provider: 'aws', kek_id: 'k-1', kek_version: '', actor: 'alice', request: 'r-1' },
        detail: { tool: 'psql', duration_ms: 30, dry_run: false },
      },
    ])
    await logger.close()
  })

  test('the time of an event is that of the clock', async () => {
    const clock = new ManualClock(new Date('2026-05-10T10:00:00.123Z'))
    const logger = await suite.logger({ clock })
    const logged = logger.log('key', { action: 'rotate', outcome: 'success' })
    await clock.advance(5)
    await logged
    await logger.close()
    expect(await suite.events()).toMatchObject([{ occurred_at: new Date('2026-05-10T10:00:00.123Z') }])
  })

  test('text that Postgres cannot store keeps nothing back', async () => {
    const logger = await suite.logger()
    await Promise.all([
      logger.log('tool', { action: 'run', outcome: 'success', row: 'a\0b', detail: { target: 'x\0y\ud800' } }),
      logger.log('tool', { action: 'run', outcome: 'success', row: 'plain' }),
    ])
    expect((await suite.events()).map(({ row_key, detail }) => [row_key, detail])).toEqual(
      expect.arrayContaining([
        ['a\ufffdb', { target: 'x\ufffdy\ufffd' }],
        ['plain', {}],
      ]),
    )
    await logger.close()
  })

  test('one that cannot be stored by "timeoutMs" is an error, and close says what was given up', async () => {
    const clock = new ManualClock()
    const logger = await suite.logger({ timeoutMs: 10, clock })
    await suite.away(true)
    const unavailable = { code: 'ERR_KMS_UNAVAILABLE', retryable: true }
    const log = () => logger.log('key', { action: 'rotate', outcome: 'success' })
    const refused = expect(log()).rejects.toMatchObject(unavailable)
    await clock.advance(5)
    await until(() => !logger.health.ok)
    await clock.advance(5)
    await refused
    const givenUp = expect(logger.close({ timeoutMs: 1 })).rejects.toMatchObject(unavailable)
    await clock.advance(1)
    await givenUp
    await expect(log()).rejects.toThrow('closed')
    await suite.away(false)
    expect(await suite.events()).toEqual([])
  })

  test('the partition of a month that nobody made ahead is made', async () => {
    const month = new Date().toISOString().slice(0, 7).replace('-', '')
    await suite.query(`DROP TABLE waxseal.application_event_${month}`)
    await using logger = await suite.logger()
    await logger.log('audit', { action: 'export', outcome: 'success', detail: { rows: 3 } })
    const rows = await suite.query(`SELECT action FROM waxseal.application_event_${month}`)
    expect(rows).toEqual([{ action: 'export' }])
  })
})

test('of a batch of which a part was stored, only the rest comes again', async () => {
  const clock = new ManualClock()
  const rows: string[] = []
  let refusals = 1
  const add = async ({ values }: LedgerRow) => {
    rows.push(String(values.row_key))
    if (values.row_key === 'b' && refusals-- > 0) throw new Error('away')
  }
  const logger = new AuditLogger('w', { add, close: async () => undefined }, { connection: 'none', clock })
  const logged = Promise.all(['a', 'b'].map((row) => logger.log('tool', { action: 'run', outcome: 'success', row })))
  await clock.advance(5)
  await clock.advance(100)
  await logged
  expect(rows).toEqual(['a', 'b', 'b'])
})
