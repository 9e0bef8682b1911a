import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../../providers/local/index.js'
import { anchorAtKms, checkpointContext, readTrailWitnesses } from '../../../src/audit/integrity/anchor-kms.js'
import { checkLog } from '../../../src/audit/integrity/check/check-log.js'
import { InMemoryCallLedger } from '../../../src/kms/call-ledger.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { insertApplicationEvents, insertEvents } from './records.js'
import { freshLog, type SignedLog } from './signed-log.js'

let log: SignedLog
beforeAll(async () => {
  log = await freshLog()
  await insertApplicationEvents(log.client, 4)
})
afterAll(() => log.drop())

test('a call of ours carries origin, size and root, and is in the ledger', async () => {
  const head = { origin: 'audit.example/log', size: 3, root: Buffer.alloc(32, 1) }
  const ledger = new InMemoryCallLedger()
  const local = new LocalProvider({ keys: `1:${generateLocalKey()}`, currentKey: 1 })
  const kek = await anchorAtKms(new RecordingProvider(local, ledger), head)
  expect(kek.provider).toBe('local')
  expect(ledger.entries).toMatchObject([
    {
      operation: 'generateDataKey',
      context: {
        'waxseal-checkpoint': 'audit.example/log',
        'waxseal-checkpoint-size': '3',
        'waxseal-checkpoint-root': head.root.toString('base64'),
      },
      end: { outcome: 'succeeded' },
    },
  ])
})

test('the mirrored trail is a witness: an event with the same root agrees, one with another is named', async () => {
  const checkpoint = await log.checkpoint()
  const { origin } = checkpoint
  await insertEvents(log.client, 1, checkpointContext(checkpoint))
  await insertEvents(log.client, 1, checkpointContext({ ...checkpoint, origin: 'other.example' }))
  await insertEvents(log.client, 1, { 'waxseal-checkpoint': origin, 'waxseal-checkpoint-size': 'x' })
  const witnesses = await readTrailWitnesses(log.client, origin)
  expect(witnesses).toEqual([{ size: 4, root: checkpoint.root, place: expect.stringContaining('fake a (event ') }])
  expect(await checkLog(log.client, { keys: [log.signer.key], witnesses })).toMatchObject({ counts: {}, witnesses: 2 })
  await insertEvents(log.client, 1, checkpointContext({ ...checkpoint, root: Buffer.alloc(32, 1) }))
  const { findings } = await checkLog(log.client, {
    keys: [log.signer.key],
    witnesses: await readTrailWitnesses(log.client, origin),
  })
  expect(findings).toEqual([
    expect.objectContaining({ kind: 'ROOT_DIFFERS', message: expect.stringContaining('audit trail of fake a') }),
  ])
})
