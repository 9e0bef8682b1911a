import { cells, type ReportDefinition } from './report.js'

export const unaccounted: ReportDefinition = {
  number: 'R12',
  name: 'unaccounted',
  title: 'Uses of a key that are not accounted for, on either side',
  serves: ['PCI DSS 10.4.1.1', 'SOC 2 CC7.2'],
  tables: ['audit_event', 'event_state', 'ledger_attempt', 'attempt_state', 'finding', 'finding_note'],
  columns: [
    {
      name: 'direction',
      meaning: 'event: the KMS logged it, the ledger has no call for it; attempt: the other way round',
    },
    { name: 'state', meaning: 'of the reconciliation: docs/reconciliation.md' },
    { name: 'at', meaning: 'UTC' },
    { name: 'id', meaning: 'of the event or the attempt, for `waxseal audit show`' },
    { name: 'provider', meaning: 'the KMS' },
    { name: 'operation', meaning: 'by the name of the trail or of the ledger' },
    { name: 'kek_id', meaning: 'the key' },
    { name: 'who', meaning: 'the principal or the actor' },
    { name: 'source', meaning: 'where the request came from' },
    { name: 'request_id', meaning: 'the id of the provider' },
    { name: 'rule', meaning: 'which rule decided' },
    { name: 'acknowledged', meaning: 'the reason that somebody gave, where somebody did' },
  ],
  async read({ client, withoutTrail }, { from, to }) {
    const { rows } = await client.query(
      `SELECT 'event' AS direction, state.state, event.event_time AS at, event.id, event.provider, event.operation,
        event.kek_id, COALESCE(event.principal, event.credential_id) AS who, event.source_text AS source, event.request_id,
        state.rule, ${acknowledgement('event', 'event.id')} AS acknowledged
      FROM waxseal.event_state AS state JOIN waxseal.audit_event AS event
        ON event.id = state.event AND event.event_time = state.event_time
      WHERE state.state IN ('pending', 'conflict', 'unaccounted') AND state.event_time >= $1 AND state.event_time < $2
      UNION ALL
      SELECT 'attempt', state.state, attempt.inserted_at, attempt.id, attempt.provider, attempt.operation, attempt.kek_id,
        attempt.actor, attempt.ip, NULL, state.rule, ${acknowledgement('attempt', 'attempt.id')}
      FROM waxseal.attempt_state AS state JOIN waxseal.ledger_attempt AS attempt
        ON attempt.id = state.attempt AND attempt.inserted_at = state.attempt_time
      WHERE state.state IN ('missing_suspected', 'missing', 'unverifiable', 'resolved_late')
        AND state.attempt_time >= $1 AND state.attempt_time < $2
      ORDER BY at, id`,
      [from, to],
    )
    const { rows: looked } = await client.query(
      `SELECT (SELECT count(*) FROM waxseal.event_state WHERE event_time >= $1 AND event_time < $2)::float8
        + (SELECT count(*) FROM waxseal.attempt_state WHERE attempt_time >= $1 AND attempt_time < $2)::float8 AS population`,
      [from, to],
    )
    return {
      rows: rows.map(cells),
      population: Number(looked[0]?.population),
      limits: [
        'An absent event is "not seen", unless the trail proves that it is complete: `waxseal audit status` says which.',
        ...(await withoutTrail()).map(
          (name) => `The trail of the provider "${name}" is not mirrored: nothing accounts for its attempts.`,
        ),
      ],
    }
  },
}

/** The last reason that was given for a finding about a record. */
function acknowledgement(column: string, id: string): string {
  return `(SELECT note.reason FROM waxseal.finding JOIN waxseal.finding_note AS note ON note.finding = finding.id
    WHERE finding.${column} = ${id} AND note.action = 'acknowledged' ORDER BY note.noted_at DESC LIMIT 1)`
}
