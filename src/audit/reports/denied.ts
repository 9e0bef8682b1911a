import { recordsOf } from './population.js'
import { cells, type ReportDefinition } from './report.js'

export const denied: ReportDefinition = {
  number: 'R18',
  name: 'denied',
  title: 'What was refused and what failed',
  serves: ['PCI DSS 10.2.1.4', 'ASVS 16.3.2'],
  tables: ['audit_event', 'ledger_attempt', 'ledger_end', 'application_event'],
  columns: [
    { name: 'where', meaning: 'trail: at the KMS, by anybody; ledger: a call of ours; application: before any call' },
    { name: 'who', meaning: 'the principal or the actor' },
    { name: 'action', meaning: 'the operation' },
    { name: 'target', meaning: 'the key, or the credential' },
    { name: 'reason', meaning: 'the code of whoever refused' },
    { name: 'source', meaning: 'where the last one came from' },
    { name: 'times', meaning: 'in the period' },
    { name: 'first_at', meaning: 'UTC' },
    { name: 'last_at', meaning: 'UTC' },
  ],
  async read({ client }, period) {
    const { rows } = await client.query(
      `SELECT 'trail' AS "where", COALESCE(principal, credential_id) AS who, operation AS action, kek_id AS target,
        COALESCE(status, outcome) AS reason, max(source_text) AS source, count(*)::float8 AS times, min(event_time) AS first_at,
        max(event_time) AS last_at
      FROM waxseal.audit_event WHERE outcome <> 'success' AND event_time >= $1 AND event_time < $2 GROUP BY 2, 3, 4, 5
      UNION ALL
      SELECT 'ledger', attempt.actor, attempt.operation, COALESCE(ended.kek_id, attempt.kek_id), ended.error_code,
        max(attempt.ip), count(*)::float8, min(attempt.inserted_at), max(attempt.inserted_at)
      FROM waxseal.ledger_end AS ended JOIN waxseal.ledger_attempt AS attempt ON attempt.id = ended.attempt
      WHERE ended.outcome = 'failed' AND attempt.inserted_at >= $1 AND attempt.inserted_at < $2 GROUP BY 2, 3, 4, 5
      UNION ALL
      SELECT 'application', actor, category || '.' || action, entity, COALESCE(reason, outcome), max(ip), count(*)::float8,
        min(inserted_at), max(inserted_at)
      FROM waxseal.application_event WHERE outcome <> 'success' AND inserted_at >= $1 AND inserted_at < $2 GROUP BY 2, 3, 4, 5
      ORDER BY "where", who, action, target, reason`,
      [period.from, period.to],
    )
    const times = { audit_event: 'event_time', ledger_attempt: 'inserted_at', application_event: 'inserted_at' }
    const population = await recordsOf(client, period, times)
    return { rows: rows.map(cells), population }
  },
}
