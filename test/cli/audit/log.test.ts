import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateNoteKey, parseVerifierKey } from '../../../src/audit/integrity/note-key.js'
import { openNote } from '../../../src/audit/integrity/signed-note.js'
import { startTestKms, type TestKmsServer } from '../../../src/testing/index.js'
import { insertApplicationEvents } from '../../audit/integrity/records.js'
import { awsClient } from '../../providers/aws-under-test.js'
import { vaultSigningSection } from '../../providers/signing-under-test.js'
import { waxseal } from '../../setup/cli.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { provider as local, type ProtectedProject, protectedProject } from '../protected-project.js'

const NAME = 'audit.example/payments'
const NOW = ['--from', '1d']

let made: ProtectedProject
let verifierKey: string
const fileOf = (name: string) => join(made.project.folder, name)
const configure = (checkpoints: object) => made.configure({ audit: { checkpoints } })
beforeAll(async () => {
  made = await protectedProject({}, {}, databaseWithSchema())
  await insertApplicationEvents(made.client, 3)
})
const servers: TestKmsServer[] = []
afterAll(async () => {
  await made.remove()
  await Promise.all(servers.map((server) => server.close()))
})

test('keygen: a private file, and the public key to hand out', async () => {
  const keygen = ['audit', 'keygen', '--name', NAME, '--file', 'log.key']
  const { status, stdout } = await made.run([...keygen, '--json'])
  verifierKey = JSON.parse(stdout).verifierKey
  expect({ status, file: JSON.parse(stdout).file }).toEqual({ status: 0, file: 'log.key' })
  expect(statSync(fileOf('log.key')).mode & 0o777).toBe(0o600)
  expect(readFileSync(fileOf('log.key'), 'utf8')).toMatch(/^PRIVATE\+KEY\+audit\.example\/payments\+/)
  expect(await made.run(keygen)).toMatchObject({ status: 2, stderr: expect.stringMatching(/EEXIST.*name a new file/) })
})

test('checkpoint: a trail that shows no encryption context is no anchor, and nothing is signed', async () => {
  await made.run(['audit', 'keygen', '--name', NAME, '--file', 'other.key'])
  configure({ origin: NAME, keyFile: 'other.key', anchors: { kms: true } })
  expect(await made.run(['audit', 'checkpoint'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/"audit\.checkpoints\.anchors\.kms": expected .*, found "local".*"anchors\.file"/),
  })
  expect((await made.client.query('SELECT FROM waxseal.log_checkpoint')).rows).toEqual([])
})

test('checkpoint: appends, signs, and anchors where the configuration says', async () => {
  const server = await startTestKms('aws')
  servers.push(server)
  const key = (await awsClient(server).createKey({})).KeyMetadata!.Arn!
  made.configure({ provider: { name: 'aws', key, endpoint: server.endpoint } })
  configure({ origin: NAME, keyFile: 'log.key', anchors: { file: 'anchors.txt', kms: true } })
  const dry = await made.run(['audit', 'checkpoint', '--dry-run', '--json'])
  expect(JSON.parse(dry.stdout)).toEqual({ size: 0, waiting: 3 })
  const { status, stdout } = await made.run(['audit', 'checkpoint', '--json'], { env: server.environment })
  made.configure({ provider: local })
  const { note, anchored, ...rest } = JSON.parse(stdout)
  expect({ status, ...rest }).toMatchObject({ status: 0, origin: NAME, size: 3, leaves: 3 })
  expect(readFileSync(fileOf('anchors.txt'), 'utf8')).toBe(`${note}\n`)
  expect(anchored).toEqual([fileOf('anchors.txt'), expect.stringContaining(`the audit trail of aws:${key}@`)])
  const { rows } = await made.client.query(
    `SELECT context, actor FROM waxseal.ledger_attempt WHERE operation = 'generateDataKey'`,
  )
  expect(rows).toEqual([
    {
      actor: 'waxseal audit checkpoint',
      context: {
        'waxseal-checkpoint': NAME,
        'waxseal-checkpoint-size': '3',
        'waxseal-checkpoint-root': rest.root,
      },
    },
  ])
})

test('checkpoint: --anchor chooses, and one that is not configured is an error', async () => {
  const first = await made.run(['audit', 'checkpoint', '--anchor', 'file'])
  expect(first.stdout).toMatch(/audit\.example\/payments: 5 records, 2 of them new\n {2}anchored: \S+anchors\.txt\n$/)
  configure({ origin: NAME, keyFile: 'log.key' })
  expect(await made.run(['audit', 'checkpoint', '--anchor', 'file'])).toMatchObject({ status: 2 })
  expect((await made.run(['audit', 'checkpoint'])).stdout).toMatch(/: 5 records, 0 of them new\n$/)
})

test('an export is verified without database and configuration', async () => {
  const folder = fileOf('out')
  // The first checkpoint was kept: the log goes on from there.
  const kept = ['--since', fileOf('anchors.txt')]
  await made.run(['audit', 'export', '--output', folder, ...NOW, ...kept])
  const { status, stdout } = await waxseal(['audit', 'verify', folder, '--key', verifierKey, ...kept, '--json'])
  expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({
    ...{ verifierKey, since: { size: 3 } },
  })
  expect({ status, verdict: JSON.parse(stdout) }).toMatchObject({
    status: 0,
    verdict: { ok: true, records: 5, proven: 5, isOwnKey: false, problems: [] },
  })
  const stranger = generateNoteKey(NAME).verifier.text
  const believed = await waxseal(['audit', 'verify', folder, '--key', stranger])
  expect(believed).toMatchObject({ status: 1, stdout: expect.stringContaining('nothing in this export is proven') })
  const unreadable = await waxseal(['audit', 'verify', folder, '--since', fileOf('none')])
  expect(unreadable).toMatchObject({ status: 2, stderr: expect.stringMatching(/--since: .*none cannot be read/) })
})

test('check: exit code 1 and the place, in lines and in JSON', async () => {
  configure({ origin: NAME, verifierKey })
  expect(await made.run(['audit', 'check', '--anchors', 'anchors.txt'])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(
      /✓ 5 records in the log, each as it was written down\n {2}5 of them are signed, by 4 checkpoints/,
    ),
  })
  const misnamed = await made.run(['audit', 'check', '--anchors', 'anchor.txt'])
  expect(misnamed).toMatchObject({ status: 2, stderr: expect.stringMatching(/--anchors: anchor\.txt cannot be read/) })
  await made.client.query('ALTER TABLE waxseal.application_event DISABLE TRIGGER USER')
  await made.client.query(`UPDATE waxseal.application_event SET actor = 'x' WHERE actor = 'actor 2'`)
  const { status, stdout } = await made.run(['audit', 'check', '--json'])
  const { ok, counts, findings } = JSON.parse(stdout)
  expect({ status, ok, changed: counts.RECORD_CHANGED }).toEqual({ status: 1, ok: false, changed: 1 })
  const { rows: checks } = await made.client.query(
    `SELECT detail FROM waxseal.application_event WHERE category = 'audit' AND action = 'check' ORDER BY inserted_at`,
  )
  const all = Object.values<number>(counts).reduce((sum, count) => sum + count, 0)
  expect(checks).toMatchObject([{ detail: { size: 5, findings: 0 } }, { detail: { size: 5, findings: all } }])
  expect(findings.map(({ kind }: { kind: string }) => kind)).toContain('TRIGGER_MISSING')
})

test('a key of another name than that of the log is an error, and so is none', async () => {
  const other = generateNoteKey('other.example').verifier.text
  configure({ origin: NAME, verifierKey: other })
  expect(await made.run(['audit', 'check'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('other.example'),
  })
  configure({ origin: NAME, verifierKey, formerKeys: [other] })
  expect(await made.run(['audit', 'check'])).toMatchObject({ status: 2 })
  configure({ origin: NAME, verifierKey })
  const unsigned = await made.run(['audit', 'checkpoint'])
  expect(unsigned).toMatchObject({ status: 2, stderr: expect.stringContaining('"keyFile"') })
})

test('signer: a key of a KMS signs, by the public key of the configuration and no other, and is in the ledger', async () => {
  const server = await startTestKms('vault')
  servers.push(server)
  const [section, other] = [
    await vaultSigningSection(server, 'ecdsa-p256'),
    await vaultSigningSection(server, 'ecdsa-p256'),
  ]
  const common = { origin: NAME, formerKeys: [verifierKey] }
  const signer = { provider: 'vault', ...section }
  configure({ ...common, signer })
  expect(await made.run(['audit', 'checkpoint'])).toMatchObject({
    ...{ status: 2, stderr: expect.stringContaining('waxseal audit verifier-key') },
  })
  made.configure({ audit: { checkpoints: { ...common, signer }, ledger: {} } })
  const printed = JSON.parse(
    (await made.run(['audit', 'verifier-key', '--json'], { env: { WAXSEAL_ACTOR: 'an operator' } })).stdout,
  ).verifierKey
  configure({ ...common, signer, verifierKey: printed })
  await insertApplicationEvents(made.client, 1)
  const { note } = JSON.parse((await made.run(['audit', 'checkpoint', '--json'])).stdout)
  expect(openNote(note, [parseVerifierKey(printed)])).toContain(NAME)
  const { rows } = await made.client.query(
    `SELECT actor, ledger_attempt.kek_id, outcome, replies -> -1 ->> 'operation' AS request FROM waxseal.ledger_attempt
      JOIN waxseal.ledger_end ON attempt = id WHERE provider = 'vault' ORDER BY started_at`,
  )
  expect(rows).toEqual([
    { actor: 'an operator', kek_id: null, outcome: 'succeeded', request: 'transit/keys' },
    { actor: 'waxseal audit checkpoint', kek_id: section.key, outcome: 'succeeded', request: 'transit/sign' },
  ])

  configure({ ...common, signer: { provider: 'vault', ...other }, verifierKey: printed })
  const substituted = await made.run(['audit', 'checkpoint'])
  expect(substituted).toMatchObject({ status: 2, stderr: expect.stringContaining('nothing is stored') })
  configure({ ...common, signer, keyFile: 'log.key' })
  const both = await made.run(['audit', 'checkpoint'])
  expect(both).toMatchObject({ status: 2, stderr: expect.stringContaining('"keyFile" or "signer", not both') })
})
