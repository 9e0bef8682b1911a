import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { anchorAtKms, readTrailWitnesses } from '../../src/audit/integrity/anchor-kms.js'
import { appendLeaves } from '../../src/audit/integrity/append-leaves.js'
import { checkLog } from '../../src/audit/integrity/check/check-log.js'
import type { Witness } from '../../src/audit/integrity/check/check-tree.js'
import { kmsSigner } from '../../src/audit/integrity/kms-signer.js'
import { verifierKeyOf } from '../../src/audit/integrity/note-key.js'
import { signCheckpoint } from '../../src/audit/integrity/sign-checkpoint.js'
import { InMemoryCallLedger, RecordingProvider } from '../../src/index.js'
import { insertApplicationEvents } from '../audit/integrity/records.js'
import { freshLog, type SignedLog } from '../audit/integrity/signed-log.js'
import { awsUnderTest } from '../providers/aws-under-test.js'
import { signingUnderTest } from '../providers/signing-under-test.js'
import { AwsIam } from './aws-iam.js'
import { mirrorLookups } from './lookup-mirror.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'

const VARIABLE = 'WAXSEAL_TEST_LOCALEMU_ENDPOINT'

const server = await frontOf('aws', VARIABLE)
if (server) {
  const endpoint = process.env[VARIABLE]!
  let log: SignedLog
  let pool: pg.Pool
  beforeAll(async () => {
    log = await freshLog()
    pool = new pg.Pool({ connectionString: log.url, max: 2 })
  })
  afterAll(async () => {
    await pool.end()
    await log.drop()
  })

  /** The emulator writes its trail after it answers. */
  async function mirroredWitnesses(origin: string): Promise<readonly Witness[]> {
    for (;;) {
      expect(await mirrorLookups(endpoint, pool)).toMatchObject({ state: 'ok' })
      const witnesses = await readTrailWitnesses(log.client, origin)
      if (witnesses.length > 0) return witnesses
    }
  }

  test('LocalEmu: a checkpoint in its trail exposes who writes the log anew and may sign it too', async () => {
    const ledger = new InMemoryCallLedger()
    const { provider } = await awsUnderTest(server, { identityFor: (key) => new AwsIam(endpoint).service(key) })
    const signing = await signingUnderTest.aws(server, 'ecdsa-p256')
    const signer = kmsSigner(signing, verifierKeyOf('audit.example/log', await signing.publicKey({})), ledger)
    const keys = [signer.key]
    const append = async () => {
      await appendLeaves(log.client)
      return signCheckpoint(log.client, signer)
    }
    await insertApplicationEvents(log.client, 4)
    const checkpoint = await append()
    await anchorAtKms(new RecordingProvider(provider, ledger), checkpoint)
    const witnesses = await mirroredWitnesses(checkpoint.origin)
    expect(witnesses).toEqual([
      {
        size: 4,
        root: checkpoint.root,
        place: expect.stringContaining('the audit trail of aws 000000000000/us-east-1'),
      },
    ])
    expect(await checkLog(log.client, { keys, witnesses })).toMatchObject({ findings: [], witnesses: 2 })

    await log.tamper('application_event', `UPDATE waxseal.application_event SET actor = 'somebody else'`)
    for (const table of ['log_leaf', 'log_node', 'log_checkpoint']) {
      await log.tamper(table, `DELETE FROM waxseal.${table}`)
    }
    await log.client.query('DELETE FROM waxseal.log_frontier')
    await append()
    expect((await checkLog(log.client, { keys })).findings).toEqual([])
    expect((await checkLog(log.client, { keys, witnesses })).findings).toEqual([
      expect.objectContaining({ kind: 'ROOT_DIFFERS', message: expect.stringContaining(witnesses[0]!.place) }),
    ])
  })
} else declareNotRun('an anchor in the audit trail of LocalEmu', VARIABLE)
