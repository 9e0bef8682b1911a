import { recordsOf } from './population.js'
import { cells, type ReportDefinition } from './report.js'

export const keyStates: ReportDefinition = {
  number: 'R7',
  name: 'key-states',
  title: 'History of the states of keys',
  serves: ['NIST SP 800-57', 'PCI DSS 3.7.5', 'ISO 27001 A.8.24'],
  tables: ['audit_event', 'event_state', 'retirement'],
  columns: [
    { name: 'at', meaning: 'UTC' },
    { name: 'id', meaning: 'of the event, for `waxseal audit show`' },
    { name: 'source', meaning: 'trail: the KMS logged it; decision: `waxseal retire` was asked' },
    { name: 'provider', meaning: 'the KMS' },
    { name: 'kek_id', meaning: 'the key' },
    { name: 'kek_version', meaning: 'its version, where it is named' },
    { name: 'change', meaning: 'what was done, by the name of the trail, or what was decided' },
    { name: 'who', meaning: 'the principal, or who asked' },
    { name: 'outcome', meaning: 'success, denied, error; ready or not ready for a decision' },
    { name: 'state', meaning: 'what the reconciliation made of the event' },
  ],
  async read({ client }, period) {
    const { rows } = await client.query(
      `SELECT event.event_time AS at, event.id, 'trail' AS source, event.provider, event.kek_id, event.kek_version,
        event.operation AS change, COALESCE(event.principal, event.credential_id) AS who, event.outcome, state.state
      FROM waxseal.audit_event AS event LEFT JOIN waxseal.event_state AS state
        ON state.event = event.id AND state.event_time = event.event_time
      WHERE (event.operation_class LIKE 'key-%' OR event.operation_class = 'policy')
        AND event.event_time >= $1 AND event.event_time < $2
      UNION ALL
      SELECT decided_at, NULL, 'decision', provider, kek, version, 'retire', decided_by,
        CASE WHEN ready THEN 'ready' ELSE 'not ready' END, NULL
      FROM waxseal.retirement WHERE decided_at >= $1 AND decided_at < $2
      ORDER BY at, source, kek_id, change`,
      [period.from, period.to],
    )
    const population = await recordsOf(client, period, { audit_event: 'event_time', retirement: 'decided_at' })
    return { rows: rows.map(cells), population }
  },
}
