import { DAY_MS } from './period.js'
import { type Cell, cells, type ReportDefinition } from './report.js'

const TABLES: readonly (readonly [table: string, time: string])[] = [
  ['ledger_attempt', 'inserted_at'],
  ['ledger_end', 'inserted_at'],
  ['application_event', 'inserted_at'],
  ['audit_event', 'event_time'],
]

export const retentionReport: ReportDefinition = {
  number: 'R15',
  name: 'retention',
  title: 'Retention: what is kept, archived, held and gone',
  serves: ['PCI DSS 10.5.1', 'NIST SP 800-53 AU-11'],
  tables: [
    'ledger_attempt',
    'ledger_end',
    'application_event',
    'audit_event',
    'audit_archive',
    'audit_purge',
    'legal_hold',
    'legal_hold_lifted',
  ],
  columns: [
    {
      name: 'what',
      meaning:
        'policy: how long records are kept; online: records in the database; archive: a month in a file; restore test: of an archive; hold: a time that must be kept',
    },
    { name: 'name', meaning: 'the table, or the reason of the hold' },
    { name: 'from', meaning: 'the oldest record, the beginning, or since when the policy asks for records' },
    { name: 'to', meaning: 'the newest record, or the end' },
    { name: 'records', meaning: 'how many' },
    { name: 'place', meaning: 'where the archive lies' },
    { name: 'sha256', meaning: 'of the archive' },
    { name: 'problems', meaning: 'of a restore test: 0 where every row can be restored and is what it was' },
    { name: 'done_at', meaning: 'when it was archived or tested, or the hold was placed' },
    { name: 'done_by', meaning: 'who' },
    { name: 'ended_at', meaning: 'when the month left the database, or the hold was lifted' },
  ],
  async read({ client, retention, now }) {
    const { hot, total } = retention
    const rows: Record<string, Cell>[] = [
      policy(`hot: ${hot / DAY_MS} days in the database`, now.getTime() - hot),
      policy(`total: ${total / DAY_MS} days, with archives`, now.getTime() - total),
    ]
    for (const [table, time] of TABLES) {
      const { rows: ends } = await client.query(
        `SELECT (SELECT ${time} FROM waxseal.${table} ORDER BY ${time} LIMIT 1) AS "from",
          (SELECT ${time} FROM waxseal.${table} ORDER BY ${time} DESC LIMIT 1) AS "to",
          (SELECT count(*)::float8 FROM waxseal.${table}) AS records`,
      )
      rows.push({ what: 'online', name: table, ...cells(ends[0]!) })
    }
    const { rows: archives } = await client.query(
      `SELECT 'archive' AS what, table_name AS name, month::timestamp AT TIME ZONE 'UTC' AS "from",
        (month + interval '1 month') AT TIME ZONE 'UTC' AS "to",
        rows::float8 AS records, place, encode(sha256, 'hex') AS sha256, archived_at AS done_at, purge.purged_by AS done_by,
        purge.purged_at AS ended_at
      FROM waxseal.audit_archive LEFT JOIN waxseal.audit_purge AS purge ON purge.archive = audit_archive.id
      ORDER BY month, table_name`,
    )
    const { rows: tests } = await client.query(
      `SELECT 'restore test' AS what, detail ->> 'table' AS name, (detail ->> 'rows')::float8 AS records,
        detail ->> 'sha256' AS sha256, (detail ->> 'problems')::float8 AS problems, inserted_at AS done_at, actor AS done_by
      FROM waxseal.application_event WHERE category = 'audit' AND action = 'archive-verify' ORDER BY inserted_at, id`,
    )
    const { rows: holds } = await client.query(
      `SELECT 'hold' AS what, hold.reason AS name, holds_from AS "from", holds_to AS "to",
        placed_at AS done_at, placed_by AS done_by, lifted_at AS ended_at
      FROM waxseal.legal_hold AS hold LEFT JOIN waxseal.legal_hold_lifted AS lifted ON lifted.hold = hold.id ORDER BY placed_at`,
    )
    const all = [...rows, ...[...archives, ...tests, ...holds].map(cells)]
    return {
      rows: all,
      population: all.reduce((sum, { what, records }) => sum + (what === 'restore test' ? 0 : Number(records ?? 0)), 0),
    }
  },
}

function policy(name: string, since: number): Record<string, Cell> {
  return { what: 'policy', name, from: new Date(since).toISOString() }
}
