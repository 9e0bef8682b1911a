import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { awsTrail } from '../../providers/aws/audit-trail.js'
import { openLedger, type PostgresLedger, withActor } from '../../src/audit/index.js'
import { reconcileTrails } from '../../src/audit/reconciliation/storage/reconcile-trails.js'
import { RecordingProvider } from '../../src/index.js'
import { installSchema } from '../../src/lifecycle/index.js'
import { Application, ROWS } from '../providers/application.js'
import {
  type AwsCredentials,
  type AwsIdentity,
  awsClient,
  awsUnderTest,
  OPERATOR,
} from '../providers/aws-under-test.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { failureOf } from '../typeorm/refusal.js'
import { AwsIam } from './aws-iam.js'
import { HOUR, type LookupPass, mirrorLookups } from './lookup-mirror.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'

const VARIABLE = 'WAXSEAL_TEST_LOCALEMU_ENDPOINT'

const server = await frontOf('aws', VARIABLE)
if (server) {
  const endpoint = process.env[VARIABLE]!
  const iam = new AwsIam(endpoint)
  let database: FreshDatabase
  let pool: pg.Pool
  let ledger: PostgresLedger
  beforeAll(async () => {
    database = await freshDatabase()
    await installSchema(database.client)
    pool = new pg.Pool({ connectionString: database.url, max: 2 })
    ledger = await openLedger({ connection: database.url, label: 'the application' })
  })
  afterAll(async () => {
    await ledger.close()
    await pool.end()
    await database.drop()
  })

  const mirror = (options: LookupPass = {}) => mirrorLookups(endpoint, pool, options)
  const reconcile = () => reconcileTrails(database.client, { trails: { aws: awsTrail }, now: Date.now() + 26 * HOUR })

  async function eventsOf(key: string) {
    const { rows } = await database.client.query(
      `SELECT event.operation, event.outcome, event.credential_id AS who, state.state, state.confidence
      FROM waxseal.audit_event AS event JOIN waxseal.event_state AS state ON state.event = event.id
      WHERE event.kek_id = $1 OR event.requested_key = $1 OR event.source_kek_id = $1 ORDER BY event.event_time, event.id`,
      [key],
    )
    return rows as { operation: string; outcome: string; who: string; state: string; confidence: string | null }[]
  }

  async function attempts() {
    const { rows } = await database.client.query(
      `SELECT state.state, jsonb_array_length(ended.replies) AS requests FROM waxseal.ledger_attempt AS attempt
      JOIN waxseal.attempt_state AS state ON state.attempt = attempt.id
      JOIN waxseal.ledger_end AS ended ON ended.attempt = attempt.id`,
    )
    return rows as { state: string; requests: number }[]
  }
  const calls = (operation: string, ...by: string[]) => by.map((who) => [operation, who, 'unaccounted'])

  test('LocalEmu: every call of the application is accounted for exactly, every other call is found, and no other is', async () => {
    let identity!: AwsIdentity
    let key!: string
    const { provider, control } = await awsUnderTest(server, {
      identityFor: async (arn) => {
        key = arn
        identity = await iam.service(arn)
        return identity
      },
    })
    const application = await Application.start(database, { provider: new RecordingProvider(provider, ledger) })
    const decryptOutside = async (credentials: AwsCredentials) => {
      const kms = awsClient(server, credentials)
      const { CiphertextBlob } = await kms.generateDataKey({ KeyId: key, KeySpec: 'AES_256' })
      await kms.decrypt({ KeyId: key, CiphertextBlob })
    }
    await withActor({ actor: 'user-1', tenant: 'acme', purpose: 'sign in' }, async () => {
      await application.insert()
      expect(await application.read()).toEqual([...application.canaries].sort())
    })
    await decryptOutside(identity)
    expect(await mirror()).toMatchObject({ state: 'ok' })

    // The reader was away meanwhile.
    await control.newKekVersion()
    await application.rotate()
    await application.read()
    await decryptOutside(OPERATOR)
    await identity.deny()
    expect(await failureOf(() => application.read())).toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
    await iam.restore()
    await application.stop()
    expect(await mirror()).toMatchObject({ state: 'ok' })
    // By the daily sweep, everything has had its time to arrive.
    expect(await mirror({ afterMs: 25 * HOUR })).toMatchObject({ state: 'ok' })

    await reconcile()
    const found = await eventsOf(key)
    const others = found.filter(({ confidence }) => confidence !== 'exact')
    expect(others.map(({ operation, who, state }) => [operation, who, state]).sort()).toEqual(
      [
        ...calls('Decrypt', identity.accessKeyId, OPERATOR.accessKeyId),
        ...calls('GenerateDataKey', identity.accessKeyId, OPERATOR.accessKeyId),
        ...calls('CreateKey', OPERATOR.accessKeyId),
        ...calls('RotateKeyOnDemand', OPERATOR.accessKeyId),
      ].sort(),
    )
    expect(found.filter(({ confidence, outcome }) => confidence === 'exact' && outcome === 'denied')).toHaveLength(ROWS)
    const sent = (await attempts()).filter(({ requests }) => requests > 0)
    expect(sent.map(({ state }) => state)).toEqual(sent.map(() => 'matched'))
    expect(found.length - others.length).toBe(sent.reduce((sum, { requests }) => sum + requests, 0))
    const { rows: actors } = await database.client.query(
      `SELECT DISTINCT actor, tenant, purpose FROM waxseal.ledger_attempt WHERE actor IS NOT NULL`,
    )
    expect(actors).toEqual([{ actor: 'user-1', tenant: 'acme', purpose: 'sign in' }])
  })

  test('LocalEmu: a reader that may not look any more is blind until it may', async () => {
    const { provider } = await awsUnderTest(server, { identityFor: (arn) => iam.service(arn) })
    const recorded = new RecordingProvider(provider, ledger)
    const { id } = await recorded.currentKek({})
    const auditor = await iam.identity(id, ['auditor'])
    expect(await mirror({ credentials: auditor, afterMs: 30 * HOUR })).toMatchObject({ state: 'ok' })
    await auditor.deny()
    expect(await mirror({ credentials: auditor, afterMs: 31 * HOUR })).toMatchObject({ state: 'blind' })
    const { rows } = await database.client.query('SELECT state FROM waxseal.trail_cursor')
    expect(rows).toEqual([{ state: 'blind' }])
    const { rows: failures } = await database.client.query(
      `SELECT control FROM waxseal.control_failure WHERE id NOT IN (SELECT failure FROM waxseal.control_restored)`,
    )
    expect(failures).toHaveLength(1)
    await iam.restore()
    expect(await mirror({ credentials: auditor, afterMs: 32 * HOUR })).toMatchObject({ state: 'ok' })
    const { rows: left } = await database.client.query(
      `SELECT control FROM waxseal.control_failure WHERE id NOT IN (SELECT failure FROM waxseal.control_restored)`,
    )
    expect(left).toEqual([])
  })
} else declareNotRun('the audit trail of LocalEmu', VARIABLE)
