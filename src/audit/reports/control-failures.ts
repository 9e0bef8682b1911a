import { recordsOf } from './population.js'
import { cells, type ReportDefinition } from './report.js'

/**
 * What waited in journals, with the number of the outage of its writer: one ends where a record was written after all before
 * it had been stored.
 */
const JOURNALLED = `SELECT writer, at, inserted_at, count(*) FILTER (WHERE begins) OVER (PARTITION BY writer ORDER BY at, id) AS outage
        FROM (
          SELECT *, (at > max(inserted_at) OVER (
            PARTITION BY writer ORDER BY at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) IS NOT FALSE AS begins
          FROM (
            SELECT id, writer::text, started_at AS at, inserted_at FROM waxseal.ledger_attempt WHERE journalled AND inserted_at >= $1
            UNION ALL
            SELECT id, COALESCE(writer::text, ''), occurred_at, inserted_at FROM waxseal.application_event
            WHERE journalled AND inserted_at >= $1
          ) AS waited
        ) AS ordered`

export const controlFailures: ReportDefinition = {
  number: 'R17',
  name: 'control-failures',
  title: 'When a control did not work',
  serves: ['PCI DSS 10.7.2', 'PCI DSS 10.7.3', 'DORA RTS 2024/1774 Art. 12'],
  tables: ['control_failure', 'control_restored', 'ledger_attempt', 'application_event', 'trail_coverage'],
  columns: [
    {
      name: 'control',
      meaning: 'what did not work: mirror, the copying of a trail; ledger, the writing of calls and events',
    },
    { name: 'scope', meaning: 'the trail, or the id of the writer' },
    { name: 'started_at', meaning: 'UTC' },
    { name: 'restored_at', meaning: 'UTC; null: not yet' },
    { name: 'seconds', meaning: 'how long, up to now where it is not restored' },
    { name: 'cause', meaning: 'as it was found' },
    { name: 'effect', meaning: 'what it meant meanwhile' },
    { name: 'remedy', meaning: 'what ended it' },
  ],
  async read({ client, now }, period) {
    const { from, to } = period
    const { rows } = await client.query(
      `WITH journalled AS (${JOURNALLED}), failure AS (
        SELECT control, scope, started_at, restored_at, cause, effect, remedy
        FROM waxseal.control_failure LEFT JOIN waxseal.control_restored ON failure = id
        UNION ALL
        SELECT 'ledger', writer, min(at), max(inserted_at), 'Postgres did not store what was written',
          'records that waited in a journal: ' || count(*), 'Postgres stored them'
        FROM journalled GROUP BY writer, outage)
      SELECT control, scope, started_at, restored_at,
        round(extract(epoch FROM COALESCE(restored_at, $3) - started_at))::float8 AS seconds, cause, effect, remedy
      FROM failure
      WHERE started_at < $2 AND (restored_at IS NULL OR restored_at >= $1) ORDER BY started_at, control, scope`,
      [from, to, now],
    )
    const { rows: passes } = await client.query(
      'SELECT count(*)::float8 AS passes FROM waxseal.trail_coverage WHERE covers && tstzrange($1, $2)',
      [from, to],
    )
    const written = await recordsOf(client, period, { ledger_attempt: 'inserted_at', application_event: 'inserted_at' })
    return {
      rows: rows.map(cells),
      population: Number(passes[0]?.['passes']) + written,
      limits: [
        'A journal that is not stored yet is not seen. That nobody reconciled, or signed the log, is seen in the reports unaccounted and integrity.',
      ],
    }
  },
}
