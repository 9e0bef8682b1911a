import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { appendLeaves } from '../../../src/audit/integrity/append-leaves.js'
import { appendOnlyTables, appendOnlyTriggers } from '../../../src/audit/integrity/append-only.js'
import { type CheckOptions, checkLog, type LogReport } from '../../../src/audit/integrity/check/check-log.js'
import { leafKinds } from '../../../src/audit/integrity/leaf-kinds.js'
import { type SignedCheckpoint, signCheckpoint } from '../../../src/audit/integrity/sign-checkpoint.js'
import { insertApplicationEvents, insertEvents, insertOneOfEach } from './records.js'
import { freshLog, type SignedLog } from './signed-log.js'

/** Two checkpoints, of 107 and 307 leaves, anchored outside, and a node over the first 256. */
let log: SignedLog
let anchored: SignedCheckpoint[]
beforeAll(async () => {
  log = await freshLog()
  await insertApplicationEvents(log.client, 93)
  await insertOneOfEach(log.client)
  anchored = [await log.checkpoint()]
  await insertApplicationEvents(log.client, 180)
  await insertEvents(log.client, 20)
  anchored.push(await log.checkpoint())
})
afterAll(() => log.drop())

function check(options: Partial<CheckOptions> = {}): Promise<LogReport> {
  const anchors = [{ place: 'file:anchors', notes: anchored.map(({ note }) => note) }]
  return checkLog(log.client, { keys: [log.signer.key], anchors, ...options })
}

/** What a check finds after the statements. They are undone, in the way that they were done. */
async function checkAfter(table: string, ...statements: readonly string[]): Promise<LogReport> {
  await log.client.query('BEGIN')
  try {
    await log.tamper(table, ...statements)
    return await check()
  } finally {
    await log.client.query('ROLLBACK')
  }
}

const kinds = ({ findings }: LogReport) => findings.map(({ kind }) => kind)
const leafOf = async (kind: string) => {
  const { rows } = await log.client.query(
    'SELECT position::int, record FROM waxseal.log_leaf WHERE kind = $1 ORDER BY position LIMIT 1',
    [kind],
  )
  return rows[0] as { position: number; record: string }
}

test('nothing is found in a log as it was written, and it is said how far it is signed', async () => {
  let looked = 0
  const report = await check({ onChecked: (leaves) => (looked += leaves) })
  expect(report).toEqual({ size: 307, witnesses: 4, signedSize: 307, waiting: 0, counts: {}, findings: [] })
  expect(looked).toBe(307)
})

test('any number of checkpoints may speak of it', async () => {
  const witnesses = Array.from({ length: 200_000 }, (_, n) => ({ size: 1_000 + n, root: Buffer.alloc(32), place: 'x' }))
  const { signedSize, counts, findings } = await check({ witnesses })
  expect({ signedSize, counts }).toEqual({ signedSize: 200_999, counts: { LOG_SHORTENED: 200_000 } })
  expect(findings).toHaveLength(1_000)
})

test('a signal ends a check', async () => {
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(check({ signal })).rejects.toThrow('stopped')
})

test('rows that have no leaf yet are counted, and no finding', async () => {
  await log.client.query('BEGIN')
  await insertApplicationEvents(log.client, 2)
  expect(await check()).toMatchObject({ waiting: 2, findings: [] })
  await log.client.query('ROLLBACK')
})

describe('a row that was', () => {
  const EDITS = [
    ['attempt', 'ledger_attempt', `actor = 'somebody else'`],
    ['end', 'ledger_end', `outcome = 'failed'`],
    ['application', 'application_event', `detail = '{"a": 1}'`],
    ['event', 'audit_event', `principal = 'somebody else'`],
    ['finding', 'finding', `severity = 'info'`],
    ['note', 'finding_note', `who = 'somebody else'`],
    ['archive', 'audit_archive', 'rows = rows - 1'],
    ['key-access', 'key_access', `principals = '[]'`],
    ['hold', 'legal_hold', `holds_to = holds_to - interval '1 day'`],
    ['hold-lifted', 'legal_hold_lifted', `lifted_by = 'somebody else'`],
    ['control-failure', 'control_failure', `cause = 'something else'`],
    ['control-restored', 'control_restored', `remedy = NULL`],
    ['superseded', 'superseded_envelope', `envelope = 'another'`],
    ['purge', 'audit_purge', `purged_by = 'somebody else'`],
  ] as const
  test.each(EDITS)('edited: %s', async (kind, table, edit) => {
    const { position, record } = await leafOf(kind)
    const key = leafKinds[kind].id
    const report = await checkAfter(table, `UPDATE waxseal.${table} SET ${edit} WHERE ${key} = '${record}'`)
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'RECORD_CHANGED',
        position,
        record: expect.objectContaining({ kind, id: record }),
      }),
    ])
    expect(report.findings[0]!.message).toContain(`waxseal.${table} ${record}`)
  })

  test('edited in the text of the provider alone', async () => {
    const { position, record } = await leafOf('event')
    const report = await checkAfter('audit_event', `UPDATE waxseal.audit_event SET raw = 'x' WHERE id = '${record}'`)
    expect(report.findings).toEqual([expect.objectContaining({ kind: 'RAW_CHANGED', position })])
  })

  test('edited by a microsecond', async () => {
    const { record } = await leafOf('attempt')
    const report = await checkAfter(
      'ledger_attempt',
      `UPDATE waxseal.ledger_attempt SET started_at = started_at + interval '1 microsecond' WHERE id = '${record}'`,
    )
    expect(kinds(report)).toEqual(['RECORD_CHANGED'])
  })

  test.each(['application', 'superseded', 'purge'] as const)('deleted: %s', async (kind) => {
    const { position, record } = await leafOf(kind)
    const { table, id } = leafKinds[kind]
    const report = await checkAfter(table, `DELETE FROM waxseal.${table} WHERE ${id} = '${record}'`)
    expect(report.findings).toEqual([expect.objectContaining({ kind: 'RECORD_MISSING', position })])
  })

  test('written in later under the number of an old transaction', async () => {
    const report = await checkAfter(
      'application_event',
      `INSERT INTO waxseal.application_event (id, occurred_at, category, action, outcome, written_in)
        VALUES ('00000000-0000-4000-8000-000000000000', now(), 'tool', 'run', 'success', '1')`,
    )
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'RECORD_WITHOUT_LEAF',
        record: expect.objectContaining({ id: '00000000-0000-4000-8000-000000000000' }),
      }),
    ])
  })
})

test('a month that was dropped is missing, unless it was archived and purged', async () => {
  const { rows } = await log.client.query(
    `SELECT tableoid::regclass::text AS partition, to_char(inserted_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month
      FROM waxseal.ledger_end LIMIT 1`,
  )
  const [{ partition, month }] = rows
  const drop = `DROP TABLE ${partition}`
  const { position } = await leafOf('end')
  expect((await checkAfter('ledger_end', drop)).findings).toEqual([
    expect.objectContaining({ kind: 'RECORD_MISSING', position }),
  ])
  const written = `INSERT INTO waxseal.audit_archive (id, table_name, month, rows, sha256, place)
    VALUES ('00000000-0000-4000-8000-000000000000', 'ledger_end', '${month}-01', 1, sha256('x'), 'somewhere')`
  const purged = `INSERT INTO waxseal.audit_purge (archive) VALUES ('00000000-0000-4000-8000-000000000000')`
  expect((await checkAfter('ledger_end', written, purged, drop)).findings).toEqual([])
})

describe('a leaf that was', () => {
  test('edited with its row, but for its hash', async () => {
    const { position, record } = await leafOf('attempt')
    const report = await checkAfter(
      'log_leaf',
      `UPDATE waxseal.log_leaf SET digest = sha256('x') WHERE record = '${record}'`,
    )
    expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'LEAF_CHANGED', position }))
  })

  test('given another hash: the group of 256 and the first root that differs are named', async () => {
    const report = await checkAfter('log_leaf', `UPDATE waxseal.log_leaf SET hash = sha256('x') WHERE position = 150`)
    expect(report.findings.map(({ kind, position, positions }) => ({ kind, at: position ?? positions }))).toEqual([
      { kind: 'LEAF_CHANGED', at: 150 },
      { kind: 'NODE_CHANGED', at: [0, 255] },
      { kind: 'ROOT_DIFFERS', at: [107, 306] },
      { kind: 'ROOT_DIFFERS', at: [107, 306] },
    ])
  })

  test('deleted with its row', async () => {
    const { record } = await leafOf('application')
    const report = await checkAfter(
      'log_leaf',
      'DELETE FROM waxseal.log_leaf WHERE position = 9',
      'ALTER TABLE waxseal.application_event DISABLE TRIGGER USER',
      `DELETE FROM waxseal.application_event WHERE id = '${record}'`,
    )
    expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'LEAVES_MISSING', positions: [9, 9] }))
  })

  test('put in another order', async () => {
    const report = await checkAfter(
      'log_leaf',
      'UPDATE waxseal.log_leaf SET position = -1 WHERE position = 3',
      'UPDATE waxseal.log_leaf SET position = 3 WHERE position = 4',
      'UPDATE waxseal.log_leaf SET position = 4 WHERE position = -1',
    )
    expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'ROOT_DIFFERS', positions: [0, 106] }))
  })
})

test('a log that was cut off is shorter than what was signed', async () => {
  const report = await checkAfter('log_leaf', 'DELETE FROM waxseal.log_leaf WHERE position >= 200')
  expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'LOG_SHORTENED', positions: [200, 306] }))
})

test('everything rewritten, with new leaves, nodes and checkpoints: the anchors outside say when', async () => {
  const other = await freshLog()
  try {
    // The same rows but for one that is left out, in a log that is in itself as it should be.
    await insertApplicationEvents(other.client, 307)
    await other.checkpoint()
    const anchors = [{ place: 'file:anchors', notes: anchored.map(({ note }) => note) }]
    const report = await checkLog(other.client, { keys: [other.signer.key, log.signer.key], anchors })
    expect(report.findings.map(({ kind, positions }) => ({ kind, positions }))).toEqual([
      { kind: 'CHECKPOINT_MISSING', positions: undefined },
      { kind: 'ROOT_DIFFERS', positions: [0, 106] },
      { kind: 'ROOT_DIFFERS', positions: [0, 306] },
    ])
  } finally {
    await other.drop()
  }
})

describe('checkpoints', () => {
  test('that are gone from the database and kept outside', async () => {
    const report = await checkAfter('log_checkpoint', 'DELETE FROM waxseal.log_checkpoint WHERE size = 107')
    expect(report.findings).toEqual([expect.objectContaining({ kind: 'CHECKPOINT_MISSING' })])
  })

  test('that should be outside and are not', async () => {
    await log.client.query('BEGIN')
    await log.client.query(
      `INSERT INTO waxseal.log_anchor (size, place) VALUES (307, 'file:anchors'), (107, 'file:anchors')`,
    )
    const report = await check({ anchors: [{ place: 'file:anchors', notes: [anchored[0]!.note] }] })
    await log.client.query('ROLLBACK')
    expect(report.findings.map(({ message }) => message)).toEqual([
      'the checkpoint of 307 leaves is in the database and not in file:anchors',
    ])
  })

  test('that say something else than their row, or that nobody signed who is believed', async () => {
    const root = await checkAfter(
      'log_checkpoint',
      `UPDATE waxseal.log_checkpoint SET root = sha256('x') WHERE size = 107`,
    )
    expect(kinds(root)).toEqual(['CHECKPOINT_UNSIGNED'])
    const note = await checkAfter(
      'log_checkpoint',
      `UPDATE waxseal.log_checkpoint SET note = replace(note, '107', '106')`,
    )
    expect(kinds(note)).toEqual(['CHECKPOINT_UNSIGNED'])
  })

  test('of one size with two roots: a fork, whoever signed it', async () => {
    const other = await freshLog()
    try {
      await insertApplicationEvents(other.client, 107)
      await appendLeaves(other.client)
      const fork = await signCheckpoint(other.client, log.signer)
      const report = await check({ anchors: [{ place: 'elsewhere', notes: [fork.note] }] })
      expect(report.findings).toEqual([
        expect.objectContaining({ kind: 'ROOT_DIFFERS', message: expect.stringContaining('in elsewhere') }),
      ])
    } finally {
      await other.drop()
    }
  })
})

describe('a trigger that the owner', () => {
  const month = new Date().toISOString().slice(0, 7).replace('-', '')
  const found = (table: string) => expect.objectContaining({ kind: 'TRIGGER_MISSING', table })
  const DONE = [
    ['disabled', 'ALTER TABLE waxseal.finding DISABLE TRIGGER waxseal_no_change', 'finding'],
    ['set to fire on one role only', 'ALTER TABLE waxseal.finding ENABLE TRIGGER waxseal_no_change', 'finding'],
    ['dropped', 'DROP TRIGGER waxseal_no_truncate ON waxseal.log_leaf', 'log_leaf'],
    [
      'disabled on one partition',
      `ALTER TABLE waxseal.audit_event_${month} DISABLE TRIGGER USER`,
      `audit_event_${month}`,
    ],
    [
      'gave a condition',
      `CREATE OR REPLACE TRIGGER waxseal_no_change BEFORE UPDATE OR DELETE ON waxseal.finding FOR EACH ROW
        WHEN (false) EXECUTE FUNCTION waxseal.refuse_change()`,
      'finding',
    ],
    [
      'gave another function',
      `CREATE OR REPLACE FUNCTION waxseal.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
      'finding',
    ],
    ['dropped with the table', 'DROP TABLE waxseal.trail_posture', 'trail_posture'],
  ] as const
  test.each(DONE)('%s', async (_, statement, table) => {
    await log.client.query('BEGIN')
    await log.client.query(statement)
    const report = await check()
    await log.client.query('ROLLBACK')
    expect(report.findings).toContainEqual(found(table))
  })

  test('has left where it was: every append-only table is known', async () => {
    const { rows } = await log.client.query(
      `SELECT DISTINCT relname AS name FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE tgname = ANY ($1) AND NOT relispartition ORDER BY 1`,
      [Object.keys(appendOnlyTriggers)],
    )
    expect(rows.map(({ name }) => name)).toEqual([...appendOnlyTables].sort())
  })
})
