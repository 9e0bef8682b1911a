import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { vaultTrail } from '../../providers/vault/audit-trail.js'
import { connectVault, type VaultProvider } from '../../providers/vault/index.js'
import { mirrorOnce, openLedger, type PostgresLedger } from '../../src/audit/index.js'
import { reconcileTrails } from '../../src/audit/reconciliation/storage/reconcile-trails.js'
import type { TrailReader } from '../../src/audit/trail/trail-reader.js'
import { RecordingProvider } from '../../src/index.js'
import type { KmsProvider } from '../../src/kms/provider.js'
import { RetryingProvider } from '../../src/kms/retrying-provider.js'
import { installSchema } from '../../src/lifecycle/index.js'
import type { KmsProviderUnderTest, TestKmsServer } from '../../src/testing/index.js'
import { vaultOperator, vaultUnderTest } from '../providers/vault-under-test.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from '../typeorm/data-source.js'
import { Credential, Token } from '../typeorm/entities.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'
import { leastToken, prepareVault } from './vault-operator.js'

const server = await frontOf('vault', 'WAXSEAL_TEST_VAULT_ADDR')
if (server) describe('the audit file of OpenBao', () => suite(server))
else declareNotRun('the audit file of OpenBao', 'WAXSEAL_TEST_VAULT_ADDR')

function suite(server: TestKmsServer): void {
  const { signal } = new AbortController()
  let database: FreshDatabase
  let pool: pg.Pool
  let ledger: PostgresLedger
  let encrypted: EncryptedDataSource
  let vault: KmsProviderUnderTest & { provider: VaultProvider; key: string }
  let token: string
  let recorded: KmsProvider
  let folder: string
  let file: string
  let reader: TrailReader

  beforeAll(async () => {
    await prepareVault(server)
    await vaultOperator(server, 'POST', 'sys/config/auditing/request-headers/x-waxseal-call', { hmac: false })
    database = await freshDatabase()
    await installSchema(database.client)
    pool = new pg.Pool({ connectionString: database.url })
    ledger = await openLedger({ connection: { connectionString: database.url } })
    vault = await vaultUnderTest(server, async (key) => {
      token = await leastToken(server, key, ['writer', 'rotator'])
      return token
    })
    recorded = new RetryingProvider(new RecordingProvider(vault.provider, ledger))
    encrypted = await encryptedDataSource(database, [Credential, Token], {
      cipher: { provider: recorded, cache: false },
    })
    folder = mkdtempSync(join(tmpdir(), 'waxseal-vault-audit-'))
    file = join(folder, 'audit.log')
    link()
    reader = await vaultTrail.readers['audit-file']!({ files: file })
  })
  afterAll(async () => {
    await encrypted?.dataSource.destroy()
    await ledger?.close()
    await pool?.end()
    await database?.drop()
    rmSync(folder, { recursive: true })
  })

  const link = () => symlinkSync(process.env['WAXSEAL_TEST_VAULT_AUDIT_LOG']!, file)

  async function mirrored() {
    const [pass] = await mirrorOnce(pool, [{ reader, normalize: vaultTrail.normalize }], { signal })
    return pass!.result
  }

  /** A call by somebody else than the application; its request id. */
  async function outside(path: string, body: object, by: string): Promise<string> {
    const response = await fetch(`${server.endpoint}/v1/${path}`, {
      ...{ method: 'POST', headers: { 'X-Vault-Token': by }, body: JSON.stringify(body) },
    })
    return ((await response.json()) as { request_id: string }).request_id
  }

  /** As if an hour had passed: nothing is on its way any more. */
  async function reconciled() {
    await reconcileTrails(database.client, { trails: { vault: vaultTrail }, now: Date.now() + 3_600_000 })
    const { rows } = await database.client.query(
      `SELECT operation, request_id AS id, outcome, state, confidence FROM waxseal.audit_event e
      JOIN waxseal.event_state s ON s.event = e.id AND s.event_time = e.event_time WHERE kek_id = $1`,
      [vault.key],
    )
    const { rows: attempts } = await database.client.query(
      'SELECT state, count(*)::int AS attempts FROM waxseal.attempt_state GROUP BY state ORDER BY state',
    )
    return { events: rows, attempts }
  }

  test('every call of the application is accounted for, every call from outside is found, and none besides', async () => {
    const repository = encrypted.dataSource.getRepository(Credential)
    for (const name of ['a', 'b', 'c']) {
      await repository.save(repository.create({ name, tenantId: randomUUID(), password: `test only ${name}` }))
    }
    expect((await repository.find()).map(({ password }) => password).sort()).toEqual(
      ['a', 'b', 'c'].map((name) => `test only ${name}`),
    )
    const contexts = ['1', '2', '3', '4'].map((row) => ({ row }))
    const wraps = await Promise.all(contexts.map((context) => recorded.generateDataKey(context)))
    await vault.control.newKekVersion()
    await recorded.currentKek({})
    await Promise.all(wraps.map(({ wrapped }, index) => recorded.rewrap(wrapped, contexts[index]!)))
    const reading = await connectVault({
      ...{ address: server.endpoint, key: vault.key, token: await leastToken(server, vault.key, ['reader']) },
    })
    const denied = new RecordingProvider(reading, ledger)
    await expect(denied.generateDataKey({ row: '5' })).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })

    const name = vault.key.slice('transit/'.length)
    const context = Buffer.from('{}').toString('base64')
    const ids = [
      await outside(`transit/datakey/plaintext/${name}`, { context }, token),
      await outside(`transit/datakey/plaintext/${name}`, { context }, 'root'),
    ]
    expect(await mirrored()).toMatchObject({ state: 'ok', counts: { quarantined: 0 } })
    const { events, attempts } = await reconciled()
    const ours = events.filter(({ state }) => state === 'accounted')
    const others = events.filter(({ state }) => state !== 'accounted')
    expect(others.map(({ operation, state }) => `${operation} ${state}`).sort()).toEqual([
      ...['transit/datakey unaccounted', 'transit/datakey unaccounted'],
      ...['update transit/keys unaccounted', 'update transit/keys/rotate unaccounted'],
    ])
    expect(others.map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
    expect(ours.filter(({ outcome }) => outcome === 'denied')).toEqual([
      expect.objectContaining({ confidence: 'token' }),
    ])
    expect(ours.filter(({ confidence }) => confidence !== 'exact')).toHaveLength(1)
    expect(ours.filter(({ operation }) => operation === 'transit/rewrap')).toHaveLength(1)
    expect(attempts.map(({ state }) => state)).toEqual(['matched'])
  })

  test('stopped, blind, and resumed: what happened meanwhile is mirrored once', async () => {
    await recorded.generateDataKey({ row: '6' })
    rmSync(file)
    expect(await mirrored()).toMatchObject({ state: 'blind' })
    await recorded.generateDataKey({ row: '7' })
    link()
    expect(await mirrored()).toMatchObject({ state: 'ok', counts: { repeated: 0 } })
    const { events, attempts } = await reconciled()
    expect(events.filter(({ state }) => state === 'unaccounted')).toHaveLength(4)
    expect(attempts.map(({ state }) => state)).toEqual(['matched'])
  })
}
