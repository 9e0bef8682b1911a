import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ExportManifest } from '../../../src/audit/export/export-audit.js'
import { EXPORT_FORMAT, EXPORT_VERSION } from '../../../src/audit/integrity/export/manifest.js'
import { verifyExport } from '../../../src/audit/integrity/export/verify-export.js'
import { verifyLine } from '../../../src/audit/integrity/export/verify-line.js'
import { type LeafKindName, leafKindNames, leafKinds } from '../../../src/audit/integrity/leaf-kinds.js'
import { generateNoteKey } from '../../../src/audit/integrity/note-key.js'
import { proveRecords } from '../../../src/audit/integrity/prove-records.js'
import { recordOf, selectRecord } from '../../../src/audit/integrity/record-columns.js'
import type { SignedCheckpoint } from '../../../src/audit/integrity/sign-checkpoint.js'
import { proveInclusion } from '../../../src/audit/integrity/tree.js'
import { insertApplicationEvents, insertAttempts, insertOneOfEach } from './records.js'
import { freshLog, type SignedLog } from './signed-log.js'

let log: SignedLog
let checkpoint: SignedCheckpoint
let folder: string
beforeAll(async () => {
  log = await freshLog()
  await insertApplicationEvents(log.client, 10)
  await insertOneOfEach(log.client)
  await log.client.query(
    `INSERT INTO waxseal.application_event (id, occurred_at, category, action, outcome, actor, detail)
      VALUES (gen_random_uuid(), now(), 'tool', 'run', 'success', E'line\\u2028end\\nfeed', '{"big": 12345678901234567890}')`,
  )
  checkpoint = await log.checkpoint()
  folder = await mkdtemp(join(tmpdir(), 'waxseal-export-'))
})
afterAll(async () => {
  await log.drop()
  await rm(folder, { recursive: true })
})

/** The lines of all records. */
async function linesOf(kinds: readonly LeafKindName[] = leafKindNames) {
  const records = []
  for (const kind of kinds) {
    const { rows } = await log.client.query(`SELECT ${selectRecord(kind, 's')} FROM waxseal.${leafKinds[kind].table} s`)
    records.push(...rows.map((row) => ({ kind, record: recordOf(kind, row) })))
  }
  const proofs = await proveRecords(log.client, records, checkpoint.size)
  const { rows } = await log.client.query('SELECT raw FROM waxseal.audit_event')
  return records.map((line, at) => ({ ...line, ...proofs[at]!, ...(line.kind === 'event' && rows[0]) }))
}

interface Alterations {
  readonly lines?: (lines: string[]) => string[]
  readonly manifest?: (manifest: ExportManifest) => object
}

/** An export as the format says, with what is altered. Files are described as they are in the end, unless the manifest is. */
async function exported({ lines = (all) => all, manifest = (it) => it }: Alterations = {}): Promise<string> {
  const records = await linesOf()
  const counts: Record<string, number> = {}
  for (const { kind } of records) counts[kind] = (counts[kind] ?? 0) + 1
  const text = lines(records.map((record) => JSON.stringify(record))).map((line) => `${line}\n`)
  const bytes = Buffer.from(text.join(''))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const made = manifest({
    ...{ format: EXPORT_FORMAT, version: EXPORT_VERSION, madeBy: 'test', madeAt: '2026-11-26T05:00:00.000000Z' },
    ...{ query: { kinds: 'all' }, counts, files: [{ name: 'records.jsonl', bytes: bytes.length, sha256 }] },
    ...{ checkpoint: checkpoint.note, verifierKey: log.signer.key.text, since: null },
  })
  await writeFile(join(folder, 'records.jsonl'), bytes)
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(made))
  return folder
}

const verdict = async (alterations: Alterations = {}) => {
  return verifyExport(await exported(alterations), { key: log.signer.key })
}
const messages = async (alterations: Alterations) => (await verdict(alterations)).problems.map(({ message }) => message)
const edited = (from: RegExp, to: string) => ({
  lines: (all: string[]) =>
    all.map((line, at) => (at === all.findIndex((one) => from.test(one)) ? line.replace(from, to) : line)),
})

test('every kind of record is proven, and nothing but the folder is needed', async () => {
  let looked = 0
  const dir = await exported()
  expect(await verifyExport(dir, { key: log.signer.key, onVerified: (count) => (looked += count) })).toEqual({
    ...{ ok: true, records: 25, proven: 25, checkpoint: { origin: 'audit.example/log', size: 25 } },
    ...{ key: log.signer.key.text, isOwnKey: false, query: { kinds: 'all' }, problems: [] },
  })
  expect(looked).toBe(25)
  expect(await verifyExport(dir)).toMatchObject({ ok: true, isOwnKey: true })
})

test('a number that a double does not hold stands as text', async () => {
  await exported()
  expect(await readFile(join(folder, 'records.jsonl'), 'utf8')).toContain(
    JSON.stringify('{"big": 12345678901234567890}'),
  )
})

describe('an altered record is found by its line:', () => {
  const ALTERED: [what: string, alteration: Alterations, problem: RegExp][] = [
    ['a value', edited(/"actor":"actor 3"/, '"actor":"actor 4"'), /^it is not what stood at position \d+ of the log$/],
    ['a member less', edited(/"actor":"actor 3",/, ''), /^its record has not the members/],
    ['a member more', edited(/"actor":"actor 3"/, '"actor":"actor 3","more":1'), /^its record has not the members/],
    ['another kind', edited(/"kind":"application"/, '"kind":"end"'), /^its record has not the members/],
    ['another position', edited(/"position":\d+/, '"position":17000'), /^it is not what stood at position 17000/],
    ['a shorter proof', edited(/"proof":\["[^"]+",/, '"proof":['), /^it is not what stood/],
    ['a raw text', edited(/"raw":"[^}]+}"/, '"raw":"other"'), /^its raw text is not/],
    ['no leaf', edited(/"leaf":\{[^}]+\}/, '"leaf":null'), /^it has no proof/],
    ['no JSON', edited(/^\{/, ''), /^it is no object/],
  ]
  test.each(ALTERED)('%s', async (_, alteration, problem) => {
    const { ok, problems } = await verdict(alteration)
    expect(ok).toBe(false)
    expect(problems.filter(({ file }) => file === 'records.jsonl')).toEqual([
      { file: 'records.jsonl', line: expect.any(Number), message: expect.stringMatching(problem) },
    ])
  })

  test('a line that is there twice, and one that is gone', async () => {
    expect(await messages({ lines: (all) => [...all, all[0]!] })).toEqual([
      'its position is that of a line before',
      expect.stringMatching(/^it says \d+ records of the kind/),
    ])
    expect(await messages({ lines: (all) => all.slice(1) })).toEqual([expect.stringMatching(/^it says \d+ records/)])
  })
})

describe('nothing is proven', () => {
  const note = (text: string) => ({ manifest: (made: ExportManifest) => ({ ...made, checkpoint: text }) })

  test.each([
    ['without a checkpoint', { manifest: (made: ExportManifest) => ({ ...made, checkpoint: null }) }],
    ['by a checkpoint that nobody signed', note('audit.example/log\n18\n\n')],
  ])('%s', async (_, alteration) => {
    const { ok, proven, problems } = await verdict(alteration)
    expect({ ok, proven }).toEqual({ ok: false, proven: 0 })
    expect(problems).toEqual([
      { file: 'manifest.json', message: expect.stringContaining('nothing in this export is proven') },
    ])
  })

  test('by the key of somebody else, which the export may bring along', async () => {
    const stranger = generateNoteKey('audit.example/log').verifier
    expect(await verifyExport(await exported(), { key: stranger })).toMatchObject({ ok: false, proven: 0 })
  })
})

test('a file that is not as the manifest says, one that it does not name, and one that is gone', async () => {
  const other = { name: 'records.csv', bytes: 1, sha256: '0'.repeat(64) }
  const alteration = { manifest: (made: ExportManifest) => ({ ...made, files: [...made.files, other] }) }
  expect(await messages(alteration)).toEqual(['it cannot be read (ENOENT)'])
  await writeFile(join(folder, 'records.csv'), '2')
  expect(await messages(alteration)).toEqual(['it is not the file that the manifest describes'])
  expect(await messages({})).toEqual(['the manifest does not name it'])
  await rm(join(folder, 'records.csv'))
})

test('what is no export is refused', async () => {
  await expect(verifyExport(join(folder, 'none'))).rejects.toThrow(/expected the folder of an audit export/)
  for (const wrong of [
    { version: 2 },
    { files: [{ name: '../x', bytes: 1, sha256: '0'.repeat(64) }] },
    { counts: { x: 1 } },
    { since: { size: 1 } },
  ]) {
    const made = await exported({ manifest: (it) => ({ ...it, ...wrong }) })
    await expect(verifyExport(made)).rejects.toThrow(/expected the manifest of an audit export/)
  }
})

test('a month is dropped: proofs of its records verify as before, and new ones can be made', async () => {
  const dir = await exported()
  const [gone] = await linesOf(['application'])
  const { rows } = await log.client.query('SELECT tableoid::regclass::text AS partition FROM waxseal.application_event')
  await log.client.query(`DROP TABLE ${rows[0].partition}`)
  await insertAttempts(log.client, 1)
  const next = await log.checkpoint()
  expect(next.size).toBe(checkpoint.size + 2)
  expect(await verifyExport(dir, { key: log.signer.key })).toMatchObject({ ok: true, proven: 25 })
  const [path] = await proveInclusion(log.client, [gone!.leaf!.position], next.size)
  const proof = path!.map((hash) => hash.toString('base64'))
  expect(verifyLine(JSON.stringify({ ...gone, proof }), next)).toEqual({
    kind: 'application',
    position: gone!.leaf!.position,
  })
  expect(verifyLine(JSON.stringify(gone), next).problem).toBeDefined()
})
