import { expect, test } from '@jest/globals'
import pg from 'pg'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher, healthCheck, type KekRef } from '../../src/index.js'
import { PerContextProvider } from '../../src/kms/index.js'
import { joinFleet } from '../../src/lifecycle/index.js'
import { VERSION } from '../../src/lifecycle/version.js'
import { FaultyProvider, ManualClock } from '../../src/testing/index.js'
import { binding } from '../unit/envelope/fixtures.js'
import { fleetSuite, mint, until } from './fleet-suite.js'

const s = fleetSuite()

/** Ends the session of the fleet's connection, as a restart of the server does. */
async function endSession(id: string): Promise<void> {
  await s.database.client.query('SELECT pg_terminate_backend(backend_pid, 10000) FROM waxseal.process WHERE id = $1', [
    id,
  ])
}

/** A session that locks the row of a process, so that its heartbeats wait. */
async function holdRow(id: string): Promise<() => Promise<void>> {
  const other = new pg.Client({ connectionString: s.database.url })
  await other.connect()
  await other.query('BEGIN')
  await other.query('SELECT FROM waxseal.process WHERE id = $1 FOR UPDATE', [id])
  return async () => {
    await other.query('COMMIT')
    await other.end()
  }
}

test('a process is written down with what it is, and is gone when it left', async () => {
  const { member } = await s.join({ label: 'api', modes: { credential: 'enforce' }, holdMs: 90_000, required: true })
  const { rows } = await s.database.client.query(
    `SELECT *, hold = interval '90 seconds' AS held FROM waxseal.process WHERE id = $1`,
    [member.id],
  )
  expect(rows[0]).toMatchObject({
    ...{ label: 'api', version: VERSION, required: true, modes: { credential: 'enforce' }, held: true },
    keks: [{ provider: 'fake', id: 'fake-kek', version: '1' }],
  })
  await member.leave()
  expect(await s.row(member.id)).toBeUndefined()
})

test('the heartbeat is of the clock of the server', async () => {
  const { member, beat } = await s.join()
  await beat()
  const { rows } = await s.database.client.query(
    `SELECT clock_timestamp() - heartbeat_at BETWEEN interval '0' AND interval '1 minute' AS it
      FROM waxseal.process WHERE id = $1`,
    [member.id],
  )
  expect(rows[0].it).toBe(true)
})

test('a wrap under a new version leaves the cipher when the version is written down, and not before', async () => {
  const { kms, cipher, member, versions } = await s.join()
  await mint(cipher)
  kms.kms.rotate()
  const release = await holdRow(member.id)
  let left = false
  const minting = mint(cipher).then(() => {
    left = true
  })
  await until(async () => {
    const { rows } = await s.database.client.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    )
    return left || rows.length > 0
  })
  expect(left).toBe(false)
  await release()
  await minting
  expect(await versions()).toEqual(expect.arrayContaining(['1', '2']))
})

test('so does a wrap that replaces another', async () => {
  const { kms, cipher, versions } = await s.join()
  const { metadata } = await mint(cipher)
  kms.kms.rotate()
  if (metadata.state !== 'wrapped') throw new Error('expected an envelope')
  await cipher.rewrap(metadata, binding)
  expect(await versions()).toContain('2')
})

test('a version is named as long as what it wrapped may not be stored yet, and then no longer', async () => {
  const { kms, cipher, beat, versions } = await s.join({ holdMs: 60_000 })
  await mint(cipher)
  kms.kms.rotate()
  await beat(11)
  expect(await versions()).toContain('1')
  await beat(2)
  expect(await versions()).toEqual(['2'])
})

test('a process that wraps nothing names what it would wrap with', async () => {
  const { kms, beat, versions } = await s.join()
  kms.kms.rotate()
  await beat(6)
  await until(async () => (await versions()).join() === '2')
})

test('no call to a KMS is made for a heartbeat but the question what is current, at every sixth', async () => {
  const { kms, beat } = await s.join()
  kms.clearCalls()
  await beat(12)
  expect(kms.calls.map(({ operation }) => operation)).toEqual(['currentKek', 'currentKek'])
})

test('a message on the channel makes the cipher forget: envelopes by their ids, or all', async () => {
  const { cipher } = await s.join()
  const [first, second] = [await mint(cipher), await mint(cipher)]
  const notify = (payload: string) => s.database.client.query('SELECT pg_notify($1, $2)', ['waxseal_forget', payload])
  expect(cipher.cacheStatistics.keys).toBe(2)
  await notify(first.metadata.state === 'wrapped' ? first.metadata.id : '')
  await until(() => cipher.cacheStatistics.keys === 1)
  expect(second.metadata.state).toBe('wrapped')
  await notify('')
  await until(() => cipher.cacheStatistics.keys === 0)
})

test('a message that is no list of ids makes it forget all', async () => {
  const { cipher, member } = await s.join()
  await mint(cipher)
  member.forget('what no version of this library sends')
  expect(cipher.cacheStatistics.keys).toBe(0)
})

test('a lost connection comes back, and the cache is empty then: messages were missed', async () => {
  const { cipher, member, clock } = await s.join()
  await mint(cipher)
  const before = (await s.row(member.id))?.backend_pid
  await endSession(member.id)
  await until(async () => {
    await clock.advance(1_000)
    return (await s.row(member.id))?.backend_pid !== before
  })
  expect(cipher.cacheStatistics.keys).toBe(0)
})

test('who is not required works on without the table, and its health says so', async () => {
  const { kms, cipher, clock } = await s.join()
  await s.database.client.query('ALTER TABLE waxseal.process RENAME TO gone')
  try {
    kms.kms.rotate()
    await mint(cipher)
    await clock.advance(15_000)
    const { status, fleet } = await healthCheck(cipher)()
    expect({ status, fleet }).toEqual({ status: 'ok', fleet: [{ status: 'failed', required: false }] })
  } finally {
    await s.database.client.query('ALTER TABLE waxseal.gone RENAME TO process')
  }
})

test('who is required gives out no new data key without the table, and reads on', async () => {
  const { cipher, clock } = await s.join({ required: true })
  const envelope = await mint(cipher)
  await s.database.client.query('ALTER TABLE waxseal.process RENAME TO gone')
  try {
    // Long enough that others may take the process for dead.
    await clock.advance(15_000)
    await expect(mint(cipher)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', retryable: true })
    await cipher.open(envelope.metadata, binding)
    expect((await healthCheck(cipher)()).status).toBe('degraded')
  } finally {
    await s.database.client.query('ALTER TABLE waxseal.gone RENAME TO process')
  }
})

test('a fleet that cannot be joined is an error where it is required, and nowhere else', async () => {
  const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
  const connection = 'postgres://nobody@127.0.0.1:1/none'
  await expect(joinFleet({ cipher, connection, required: true })).rejects.toThrow()
  await mint(cipher)
  const member = await joinFleet({ cipher, connection })
  await mint(cipher)
  expect(member.health()).toEqual({ status: 'failed', required: false })
  await member.leave()
})

test('an unknown option is refused', async () => {
  await expect(joinFleet({ fleet: 'on' } as never)).rejects.toThrow('unknown option "fleet"')
})

test('what a provider wraps with counts, and not what it calls current: one may lag behind the other', async () => {
  const keys = `1:${generateLocalKey()},2:${generateLocalKey()}`
  const [before, now] = [1, 2].map((currentKey) => new LocalProvider({ keys, currentKey })) as [
    LocalProvider,
    LocalProvider,
  ]
  const lagging = Object.assign(Object.create(now), {
    name: now.name,
    currentKek: now.currentKek.bind(now),
    generateDataKey: before.generateDataKey.bind(before),
  })
  const { cipher, versions } = await s.join({ cipher: new EnvelopeCipher({ provider: lagging }) })
  const numbers = async () => (await versions()).map((version) => version.slice(0, 1))
  expect(await numbers()).toEqual(['2'])
  const { metadata } = await mint(cipher)
  expect(metadata.state === 'wrapped' && metadata.wraps[0]?.kek.version.slice(0, 1)).toBe('1')
  expect(await numbers()).toEqual(expect.arrayContaining(['1']))
})

test('with a KEK for each tenant the row names those of the tenants that were written for', async () => {
  const tenants = new Map(['one', 'two', 'three'].map((tenant) => [tenant, new FaultyProvider({ kekId: tenant })]))
  const provider = new PerContextProvider({ name: 'fake', pair: 'tenant', provider: (tenant) => tenants.get(tenant) })
  const cipher = new EnvelopeCipher({ provider })
  const member = await joinFleet({ cipher, connection: s.database.url, clock: new ManualClock() })
  for (const tenant of ['one', 'two']) await cipher.mint({ entity: 'credential', context: { tenant } })
  const keks = (await s.row(member.id))?.keks.map(({ id, version }: KekRef) => `${id} ${version}`)
  expect(keks.sort()).toEqual(['one 1', 'two 1'])
  await member.leave()
})
