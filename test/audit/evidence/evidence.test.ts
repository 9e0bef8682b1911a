import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { unzipSync, zipSync } from 'fflate'
import pg from 'pg'
import { controlMap } from '../../../src/audit/evidence/control-map.js'
import { makeEvidencePack, makeReport, parsePeriod, reports, verifyEvidencePack } from '../../../src/audit/index.js'
import { signerOf } from '../../../src/audit/integrity/checkpoint-signer.js'
import { generateNoteKey } from '../../../src/audit/integrity/note-key.js'
import type { ReportSources } from '../../../src/audit/reports/report.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { seed } from '../reports/dataset.js'

const key = generateNoteKey('audit.example/log')
const PERIOD = parsePeriod('2026-Q3', new Date('2026-11-01T00:00:00Z'))

let database: FreshDatabase
let sources: ReportSources
let pack: Uint8Array
const done: string[] = []
beforeAll(async () => {
  database = await freshDatabase()
  sources = await seed(database)
  const options = { period: PERIOD, by: 'a reviewer', signer: signerOf(key.signingKey) }
  // Asked for by the first report.
  const currentKeks = async () => {
    if (done.length === 0) await writeMeanwhile()
    return sources.currentKeks()
  }
  pack = await makeEvidencePack({ ...sources, currentKeks }, { ...options, onReport: (name) => done.push(name) })
})
afterAll(() => database.drop())

/** What others commit while a pack is made. */
async function writeMeanwhile(): Promise<void> {
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  try {
    await other.query(
      `INSERT INTO waxseal.log_checkpoint (size, root, note, signed_at)
        VALUES (777, decode(repeat('77', 32), 'hex'), 'signed in between', '2026-09-29')`,
    )
    await other.query(
      `WITH found AS (
        INSERT INTO waxseal.finding (id, kind, severity, provider, scope, subject, occurred_at, event)
          SELECT gen_random_uuid(), 'unaccounted', 'high', 'aws', 'a', 'in between ' || event, event_time, event
          FROM waxseal.event_state WHERE state = 'unaccounted' RETURNING id)
        INSERT INTO waxseal.finding_note (id, finding, action, reason)
          SELECT gen_random_uuid(), id, 'acknowledged', 'found in between' FROM found`,
    )
  } finally {
    await other.end()
  }
}

const problemsOf = async (changed: Uint8Array, verifier = key.verifier) =>
  (await verifyEvidencePack(changed, verifier)).problems
const text = (file: Uint8Array | undefined) => Buffer.from(file!).toString()

/** The pack after somebody worked on its files. */
function tampered(change: (files: Record<string, Uint8Array>) => void): Uint8Array {
  const files = unzipSync(pack)
  change(files)
  return zipSync(files)
}

test('holds every report in three forms, and is what was signed', async () => {
  const { problems, manifest } = await verifyEvidencePack(pack, key.verifier)
  expect(problems).toEqual([])
  expect(done).toEqual(reports.map(({ name }) => name))
  const names = reports.flatMap(({ name }) => ['json', 'csv', 'html'].map((form) => `reports/${name}.${form}`))
  expect(manifest!.files.map(({ name }) => name)).toEqual([...names, 'controls.json', 'checkpoint.txt', 'README.md'])
  expect(manifest).toMatchObject({
    askedBy: 'a reviewer',
    environment: 'production',
    period: { from: '2026-07-01T00:00:00.000Z' },
  })
})

test('a checkpoint or a finding that comes while it is made is in none of its files', async () => {
  const later = async (name: string) => {
    const { header, rows } = await makeReport(
      reports.find((each) => each.name === name)!,
      sources,
      PERIOD,
      'a reviewer',
    )
    return JSON.stringify({ header, rows })
  }
  expect(await later('integrity')).toContain('"log_size":777')
  expect(await later('unaccounted')).toContain('found in between')
  for (const [name, file] of Object.entries(unzipSync(pack))) {
    expect([name, text(file)]).toEqual([name, expect.not.stringMatching(/in between|(77){32}/)])
  }
})

test('the map of controls names files of the pack, for PCI DSS and SOC 2', () => {
  const files = unzipSync(pack)
  const rows = JSON.parse(text(files['controls.json'])) as ReturnType<typeof controlMap>
  expect(rows).toEqual(controlMap(reports))
  const pci = rows.filter(({ framework }) => framework === 'pci').map(({ control }) => Number.parseInt(control, 10))
  expect(pci).toEqual(pci.toSorted((a, b) => a - b))
  expect(new Set(rows.map(({ framework }) => framework))).toEqual(new Set(['pci', 'soc2']))
  for (const row of rows)
    for (const file of row.files)
      expect([row.control, Object.keys(files)]).toEqual([row.control, expect.arrayContaining([file])])
  for (const { control } of rows) expect(text(files['README.md'])).toContain(`| ${control} |`)
})

describe('found and located', () => {
  test('a file that was changed', async () => {
    const changed = tampered((files) => {
      files['reports/denied.csv'] = Buffer.from('where,who\r\n')
    })
    expect(await problemsOf(changed)).toEqual(['reports/denied.csv: changed'])
  })

  test('a file that was taken out, and one that was put in', async () => {
    const changed = tampered((files) => {
      delete files['reports/clock.html']
      files['reports/more.csv'] = Buffer.from('x')
    })
    expect(await problemsOf(changed)).toEqual(['reports/clock.html: missing', 'reports/more.csv: not in the manifest'])
  })

  test('a manifest that was made anew for other files', async () => {
    const changed = tampered((files) => {
      files['manifest.json'] = Buffer.from(text(files['manifest.json']).replace('a reviewer', 'the auditor'))
    })
    expect(await problemsOf(changed)).toEqual([expect.stringContaining('not a signature of manifest.json')])
  })

  test('a pack of another key, also of the same name', async () => {
    const { verifier } = generateNoteKey('audit.example/log')
    expect(await problemsOf(pack, verifier)).toEqual([expect.stringContaining('not a signature of manifest.json')])
  })

  /** With a file more, whose name is written into the ZIP as it is. */
  function withFile(name: string): Uint8Array {
    const placeholder = '?'.repeat(name.length)
    const zip = Buffer.from(tampered((files) => Object.assign(files, { [placeholder]: Buffer.from('x') })))
    return Buffer.from(zip.toString('latin1').replaceAll(placeholder, name), 'latin1')
  }

  test('two files of one name, of which another program may unpack either', async () => {
    expect(await problemsOf(withFile('controls.json'))).toEqual(['controls.json: more than once in the pack'])
  })

  test.each(['../outside', '__proto__', '\u001b[2J'])('a file of the name %j', async (name) => {
    expect(await problemsOf(withFile(name))).toEqual([
      `expected names of files in the pack, found ${JSON.stringify(name)}`,
    ])
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['no ZIP', Buffer.from('PK no ZIP')],
    ['an empty ZIP', zipSync({})],
  ])('%s', async (_, bytes) => {
    expect(await problemsOf(bytes)).toHaveLength(1)
  })
})
