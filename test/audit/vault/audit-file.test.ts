import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { vaultTrail } from '../../../providers/vault/audit-trail.js'
import type { CursorValue, TrailBatch, TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { auditLine } from './lines.js'

const NOW = new Date('2026-03-01T13:00:00Z')
const LATER = new Date('2026-03-01T13:00:30Z')
const MUCH_LATER = new Date('2026-03-01T13:01:00Z')
const { signal } = new AbortController()

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waxseal-audit-file-'))
  file = join(folder, 'audit.log')
  writeFileSync(file, '')
})
afterEach(() => rmSync(folder, { recursive: true }))

const readerOf = (files = file): Promise<TrailReader> => vaultTrail.readers['audit-file']!({ files })

/** One pass: the ids of the requests that it brought, what it covered, and why it ended if it did. */
async function pass(reader: TrailReader, cursor: CursorValue, now = cursor === null ? NOW : LATER) {
  const ids: string[] = []
  let covered: TrailBatch['covered']
  let last = cursor
  let problem: string | undefined
  try {
    for await (const batch of reader.read(now, { cursor, object: async () => undefined }, signal)) {
      ids.push(...batch.records.map(({ raw }) => JSON.parse(raw).request.id))
      covered = batch.covered
      last = JSON.parse(JSON.stringify(batch.cursor))
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
    problem = (error as Error).message
  }
  return { ids, covered, cursor: last, problem }
}

let lines = 0
const write = (to: string, ...ids: readonly string[]) =>
  appendFileSync(
    to,
    ids
      .map((id) => `${auditLine({ id, time: `2026-03-01T12:00:00.${String(++lines).padStart(9, '0')}Z` })}\n`)
      .join(''),
  )

test('a pass brings what was written since the last, and covers the time from the first line', async () => {
  const reader = await readerOf()
  write(file, 'a', 'b')
  const first = await pass(reader, null)
  expect(first.ids).toEqual(['a', 'b'])
  expect(first.covered).toMatchObject({ to: NOW, complete: true })
  expect(first.covered!.from.toISOString()).toMatch(/^2026-03-01T12:00:00/)
  // A window for each pass would be a row for each pass.
  const soon = await pass(reader, first.cursor, new Date('2026-03-01T13:00:05Z'))
  expect(soon).toMatchObject({ ids: [], covered: undefined })
  const none = await pass(reader, soon.cursor, LATER)
  expect(none).toMatchObject({ ids: [], covered: { from: NOW, to: LATER, complete: true } })
  write(file, 'c')
  expect(await pass(reader, none.cursor)).toMatchObject({ ids: ['c'] })
})

test('half a last line is left for the pass that finds its end', async () => {
  const reader = await readerOf()
  const line = `${auditLine({ id: 'half' })}\n`
  write(file, 'a')
  appendFileSync(file, line.slice(0, 100))
  const first = await pass(reader, null)
  expect(first.ids).toEqual(['a'])
  appendFileSync(file, line.slice(100))
  expect(await pass(reader, first.cursor)).toMatchObject({ ids: ['half'], problem: undefined })
})

test('lines without anything in them are no records', async () => {
  write(file, 'a')
  appendFileSync(file, '\n  \r\n')
  write(file, 'b')
  expect((await pass(await readerOf(), null)).ids).toEqual(['a', 'b'])
})

test('a line that is longer than what is read at a time is one line', async () => {
  const reader = await readerOf()
  appendFileSync(file, `${auditLine({ id: 'long', request: { long: 'x'.repeat(700_000) } })}\n`)
  write(file, 'b')
  expect(await pass(reader, null)).toMatchObject({ ids: ['long', 'b'] })
})

describe('rotation', () => {
  test('renamed: what was written to the old file meanwhile is read before the new one', async () => {
    const reader = await readerOf()
    write(file, 'a')
    const { cursor } = await pass(reader, null)
    write(file, 'b')
    renameSync(file, `${file}.1`)
    // The writer was not told yet, and goes on in the old file.
    write(`${file}.1`, 'c')
    const between = await pass(reader, cursor)
    expect(between).toMatchObject({ ids: ['b', 'c'], problem: undefined })
    writeFileSync(file, '')
    write(`${file}.1`, 'd')
    const created = await pass(reader, between.cursor)
    expect(created).toMatchObject({ ids: ['d'] })
    write(`${file}.1`, 'e')
    write(file, 'f')
    expect(await pass(reader, created.cursor, MUCH_LATER)).toMatchObject({
      ids: ['e', 'f'],
      covered: { complete: true },
    })
  })

  test('twice between two passes: all files are read, the oldest first', async () => {
    const reader = await readerOf()
    write(file, 'a')
    const { cursor } = await pass(reader, null)
    write(file, 'b')
    renameSync(file, `${file}-20260301`)
    write(file, 'c')
    renameSync(file, `${file}-20260302`)
    write(file, 'd')
    const { ids, problem } = await pass(reader, cursor)
    expect([ids.sort(), problem]).toEqual([['b', 'c', 'd'], undefined])
  })

  test('copied and truncated: the rest is read from the copy', async () => {
    const reader = await readerOf()
    write(file, 'a')
    const { cursor } = await pass(reader, null)
    write(file, 'b')
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
    write(file, 'c')
    expect(await pass(reader, cursor)).toMatchObject({ ids: ['b', 'c'], covered: { complete: true } })
  })

  test('truncated and grown beyond where it was read: the place is not taken for the old one', async () => {
    const reader = await readerOf()
    write(file, 'a')
    const { cursor } = await pass(reader, null)
    truncateSync(file)
    write(file, 'b', 'c', 'd')
    const lost = await pass(reader, cursor)
    expect(lost).toMatchObject({ ids: ['b', 'c', 'd'], covered: { from: NOW, complete: false } })
    expect(lost.problem).toContain('before it was read to its end')
    // Once told, it goes on.
    write(file, 'e')
    expect(await pass(reader, lost.cursor, MUCH_LATER)).toMatchObject({
      ids: ['e'],
      problem: undefined,
      covered: { complete: true },
    })
  })

  test('a rotated file that was removed or compressed is a gap', async () => {
    const reader = await readerOf()
    write(file, 'a')
    const { cursor } = await pass(reader, null)
    renameSync(file, `${file}.1.gz`)
    write(file, 'b')
    expect(await pass(reader, cursor)).toMatchObject({ ids: ['b'], covered: { complete: false } })
  })
})

describe('a file that cannot be read', () => {
  test('covers nothing, and what was written meanwhile is read and covered once it can be', async () => {
    const reader = await readerOf()
    write(file, 'a')
    const { cursor } = await pass(reader, null)
    renameSync(file, join(folder, 'elsewhere'))
    const blind = await pass(reader, cursor)
    expect(blind).toMatchObject({ ids: [], covered: undefined, problem: expect.stringContaining('(ENOENT)') })
    renameSync(join(folder, 'elsewhere'), file)
    write(file, 'b')
    expect(await pass(reader, blind.cursor)).toMatchObject({ ids: ['b'], covered: { from: NOW, complete: true } })
  })

  test('of two devices: the other is read', async () => {
    const other = join(folder, 'other.log')
    write(file, 'a')
    expect(await pass(await readerOf(`${other},${file}`), null)).toMatchObject({ ids: ['a'], covered: undefined })
    write(other, 'b')
    expect(await pass(await readerOf(`${other}, ${file}`), null)).toMatchObject({ ids: ['b', 'a'], problem: undefined })
  })
})

test('values in clear, as log_raw writes them, are not mirrored, and the posture says so', async () => {
  const reader = await readerOf()
  const secret = 'dGhlIGRhdGEga2V5'
  appendFileSync(
    file,
    `${auditLine({ id: 'raw', request: { client_token: 's.secret', data: { plaintext: secret, batch_input: [{ plaintext: secret }] } }, response: { ciphertext: 'vault:v1:x', key_version: 2 } })}\n`,
  )
  for await (const { records } of reader.read(NOW, { cursor: null, object: async () => undefined }, signal)) {
    for (const { raw } of records) {
      expect(raw).not.toMatch(/dGhl|s\.secret|vault:v1/)
      expect(vaultTrail.normalize({ raw })).toMatchObject({ event: { requestId: 'raw', kekVersion: '2' } })
    }
  }
  const checks = await reader.probe(signal)
  expect(checks.map(({ id, state }) => [id, state])).toEqual([
    ['file-is-readable', 'ok'],
    ['values-are-hashed', 'failed'],
  ])
})

test('the posture of a file: ok with hashed lines, unknown without a line, failed where it is not', async () => {
  const states = async (path: string) => (await (await readerOf(path)).probe(signal)).map(({ state }) => state)
  expect(await states(file)).toEqual(['ok', 'unknown'])
  write(file, 'a')
  expect(await states(file)).toEqual(['ok', 'ok'])
  expect(await states(join(folder, 'none'))).toEqual(['failed', 'unknown'])
})

test('options that are not known, or missing, are refused', async () => {
  const make = vaultTrail.readers['audit-file']!
  await expect(make({})).rejects.toThrow('"audit-file" needs "files"')
  await expect(make({ files: file, file })).rejects.toThrow('unknown option "file"')
  expect((await make({ files: file, scope: 'vault.example.com' })).scope).toBe('vault.example.com')
})
