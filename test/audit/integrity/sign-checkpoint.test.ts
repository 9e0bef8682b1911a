import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { anchorInFile, readAnchors } from '../../../src/audit/integrity/anchor-file.js'
import { appendLeaves } from '../../../src/audit/integrity/append-leaves.js'
import { largestHead, verifyCheckpoint } from '../../../src/audit/integrity/checkpoint.js'
import { signerOf } from '../../../src/audit/integrity/checkpoint-signer.js'
import { generateNoteKey } from '../../../src/audit/integrity/note-key.js'
import { signCheckpoint } from '../../../src/audit/integrity/sign-checkpoint.js'
import { insertApplicationEvents } from './records.js'
import { freshLog, type SignedLog } from './signed-log.js'

let log: SignedLog
beforeAll(async () => {
  log = await freshLog()
})
afterAll(() => log.drop())

const INCONSISTENT = { code: 'ERR_LOG_INCONSISTENT' }

test('a checkpoint says what the log is, is stored, and is not made twice of one size', async () => {
  await insertApplicationEvents(log.client, 3)
  const first = await log.checkpoint()
  expect(first).toMatchObject({ origin: 'audit.example/log', size: 3, isNew: true })
  expect(verifyCheckpoint(first.note, [log.signer.key])).toMatchObject({ size: 3, root: first.root })
  expect(await log.checkpoint()).toEqual({ ...first, isNew: false })
  await insertApplicationEvents(log.client, 300)
  expect(await log.checkpoint({ anchored: [first] })).toMatchObject({ size: 303, isNew: true })
})

test('of anchored notes the largest counts, wherever it stands, and none of another key', async () => {
  await insertApplicationEvents(log.client, 1)
  const older = await log.checkpoint()
  await insertApplicationEvents(log.client, 1)
  const newer = await log.checkpoint()
  const notes = [older.note, newer.note, older.note]
  expect(largestHead(notes, [log.signer.key])).toMatchObject({ size: newer.size, root: newer.root })
  expect(largestHead(notes, [generateNoteKey('audit.example/log').verifier])).toBeUndefined()
})

describe('nothing is signed', () => {
  const changed = Buffer.alloc(32, 1)
  let other: SignedLog
  beforeEach(async () => {
    other = await freshLog()
    await insertApplicationEvents(other.client, 3)
  })
  afterEach(() => other.drop())
  const replaceLeaf = () =>
    other.tamper('log_leaf', `UPDATE waxseal.log_leaf SET hash = sha256('x') WHERE position = 1`)

  test('of a size that has another root already: that would be a fork', async () => {
    const head = await other.checkpoint()
    const anchored = [{ ...head, root: changed }]
    await expect(other.checkpoint({ anchored })).rejects.toMatchObject(INCONSISTENT)
    await replaceLeaf()
    await expect(other.checkpoint()).rejects.toMatchObject(INCONSISTENT)
  })

  test('that does not extend the last checkpoint', async () => {
    await other.checkpoint()
    await replaceLeaf()
    await insertApplicationEvents(other.client, 1)
    await expect(other.checkpoint()).rejects.toThrow(/begins with the 3 leaves that were signed/)
  })

  test('that is shorter than an anchored one', async () => {
    const anchored = [{ origin: other.signer.key.name, size: 4, root: changed }]
    await expect(other.checkpoint({ anchored })).rejects.toThrow(/at least 4 leaves/)
  })

  test('over a checkpoint that another key signed, unless it is named as a former one', async () => {
    await other.checkpoint()
    const next = signerOf(generateNoteKey('audit.example/log').signingKey)
    await expect(signCheckpoint(other.client, next)).rejects.toThrow(/nothing is signed over it/)
    expect(await signCheckpoint(other.client, next, { formerKeys: [other.signer.key] })).toMatchObject({ size: 3 })
    // As after a restore: the log goes on, and is another one.
    await insertApplicationEvents(other.client, 1)
    await appendLeaves(other.client)
    const begun = signerOf(generateNoteKey('audit.example/restored').signingKey)
    expect(await signCheckpoint(other.client, begun, { formerKeys: [other.signer.key, next.key] })).toMatchObject({
      ...{ origin: 'audit.example/restored', size: 4, isNew: true },
    })
  })
})

describe('a file of anchors', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waxseal-anchors-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  const note = (size: number) => `a\n${size}\nroot\n\n— a one\n— b two\n`

  test('gets each checkpoint behind the others, once', async () => {
    const file = join(folder, 'anchors.txt')
    expect(await readAnchors(file)).toEqual([])
    for (const size of [1, 2, 2]) await anchorInFile(file, note(size))
    expect(await readFile(file, 'utf8')).toBe(`${note(1)}\n${note(2)}\n`)
    expect(await readAnchors(file)).toEqual([note(1), note(2)])
  })

  test('that was cut off has a rest which is no checkpoint', async () => {
    const file = join(folder, 'cut.txt')
    await writeFile(file, `${note(1)}\n${note(2).slice(0, 9)}`)
    expect(await readAnchors(file)).toEqual([note(1), note(2).slice(0, 9)])
  })

  test('that cannot be written or read is an error that names it', async () => {
    await expect(anchorInFile(folder, note(1))).rejects.toThrow(/cannot be read \(EISDIR\)/)
    await expect(anchorInFile(join(folder, 'none', 'x'), note(1))).rejects.toThrow(/cannot be anchored \(ENOENT\)/)
  })
})
