import { recordsOf } from './population.js'
import { cells, type ReportDefinition } from './report.js'
import { coverageSentences } from './trail-coverage.js'

export const unaccounted: ReportDefinition = {
  number: 'R12',
  name: 'unaccounted',
  title: 'Uses of a key that are not accounted for, on either side',
  serves: ['PCI DSS 10.4.1.1', 'SOC 2 CC7.2'],
  tables: [
    ...['audit_event', 'event_state', 'ledger_attempt', 'attempt_state', 'finding', 'finding_note'],
    ...['trail_source', 'trail_coverage'],
  ],
  columns: [
    {
      name: 'direction',
      meaning: 'event: the KMS logged it, the ledger has no call for it; attempt: the other way round',
    },
    { name: 'state', meaning: 'of the reconciliation: docs/reconciliation.md' },
    { name: 'at', meaning: 'UTC' },
    { name: 'id', meaning: 'of the event or the attempt, for `waxseal audit show`' },
    { name: 'event_uid', meaning: 'the id of the event at its provider' },
    { name: 'provider', meaning: 'the KMS' },
    { name: 'operation', meaning: 'by the name of the trail or of the ledger' },
    { name: 'kek_id', meaning: 'the key' },
    { name: 'who', meaning: 'the principal or the actor' },
    { name: 'source', meaning: 'where the request came from' },
    { name: 'request_id', meaning: 'the id of the request at the provider' },
    { name: 'context', meaning: 'the encryption context, where the trail shows it' },
    { name: 'rule', meaning: 'which rule decided' },
    { name: 'reason', meaning: 'why, where the rule has several' },
    { name: 'acknowledged', meaning: 'the reason that somebody gave, where somebody did' },
    { name: 'acknowledged_by', meaning: 'who gave it' },
  ],
  async read({ client, withoutTrail, now }, period) {
    const { rows } = await client.query(
      `SELECT 'event' AS direction, state.state, event.event_time AS at, event.id, event.event_uid,
        event.provider, event.operation, event.kek_id, COALESCE(event.principal, event.credential_id) AS who,
        event.source_text AS source, event.request_id, event.context, state.rule, state.reason,
        note.reason AS acknowledged, note.who AS acknowledged_by
      FROM waxseal.event_state AS state JOIN waxseal.audit_event AS event
        ON event.id = state.event AND event.event_time = state.event_time
        ${acknowledgement('event', 'event.id')}
      WHERE state.state IN ('pending', 'conflict', 'unaccounted') AND state.event_time >= $1 AND state.event_time < $2
      UNION ALL
      SELECT 'attempt', state.state, attempt.inserted_at, attempt.id, NULL, attempt.provider, attempt.operation,
        attempt.kek_id, attempt.actor, attempt.ip, NULL, attempt.context, state.rule, NULL, note.reason, note.who
      FROM waxseal.attempt_state AS state JOIN waxseal.ledger_attempt AS attempt
        ON attempt.id = state.attempt AND attempt.inserted_at = state.attempt_time
        ${acknowledgement('attempt', 'attempt.id')}
      WHERE state.state IN ('missing_suspected', 'missing', 'unverifiable', 'resolved_late')
        AND state.attempt_time >= $1 AND state.attempt_time < $2
      ORDER BY at, id`,
      [period.from, period.to],
    )
    const population = await recordsOf(client, period, { event_state: 'event_time', attempt_state: 'attempt_time' })
    const all = await recordsOf(client, period, { audit_event: 'event_time', ledger_attempt: 'inserted_at' })
    return {
      rows: rows.map(cells),
      population,
      limits: [
        'An absent event is "not seen", unless the trail proves that it is complete: `waxseal audit status` says which.',
        ...(all > population
          ? [
              `${all - population} of ${all} events and attempts of the period are not reconciled: nothing is known of them.`,
            ]
          : []),
        ...(await coverageSentences(client, period, now)),
        ...(await withoutTrail()).map(
          (name) => `The trail of the provider "${name}" is not mirrored: nothing accounts for its attempts.`,
        ),
      ],
    }
  },
}

/** The last reason that was given for a finding about a record, and by whom. */
function acknowledgement(column: string, id: string): string {
  return `LEFT JOIN LATERAL (
          SELECT note.reason, concat_ws(' as ', note.detail ->> 'by', note.who) AS who
          FROM waxseal.finding JOIN waxseal.finding_note AS note ON note.finding = finding.id
          WHERE finding.${column} = ${id} AND note.action = 'acknowledged' ORDER BY note.noted_at DESC LIMIT 1
        ) AS note ON true`
}
