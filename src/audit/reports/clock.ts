import { cells, type ReportDefinition } from './report.js'

export const clock: ReportDefinition = {
  number: 'R16',
  name: 'clock',
  title: 'How far the clocks are apart',
  serves: ['PCI DSS 10.6', 'NIST SP 800-53 AU-8', 'ISO 27001 A.8.17'],
  tables: ['ledger_attempt', 'ledger_end', 'audit_event', 'event_state'],
  columns: [
    {
      name: 'between',
      meaning: 'application: the clock of a process and of the database; provider: of the KMS and of the database',
    },
    { name: 'name', meaning: 'the writer of the ledger, or the provider' },
    { name: 'samples', meaning: 'pairs that were compared' },
    { name: 'least_seconds', meaning: 'the smallest difference; negative: that clock is behind' },
    { name: 'mean_seconds', meaning: 'of the differences' },
    { name: 'greatest_seconds', meaning: 'the largest' },
  ],
  async read({ client }, { from, to }) {
    const { rows } = await client.query(
      `SELECT 'application' AS between, writer::text AS name, ${spread('started_at - inserted_at')}
      FROM waxseal.ledger_attempt WHERE NOT journalled AND inserted_at >= $1 AND inserted_at < $2 GROUP BY writer
      UNION ALL
      SELECT 'provider', event.provider, ${spread('event.event_time - attempt.inserted_at')}
      FROM waxseal.event_state AS state JOIN waxseal.audit_event AS event
          ON event.id = state.event AND event.event_time = state.event_time
        JOIN waxseal.ledger_attempt AS attempt ON attempt.id = state.attempt AND NOT attempt.journalled
      WHERE state.confidence = 'exact' AND state.event_time >= $1 AND state.event_time < $2 GROUP BY event.provider
      ORDER BY between, name`,
      [from, to],
    )
    return {
      rows: rows.map(cells),
      population: rows.reduce((sum, { samples }) => sum + Number(samples), 0),
      limits: [
        'A difference holds the time that a call took, and the resolution of a trail, which on AWS is a second.',
      ],
    }
  },
}

function spread(interval: string): string {
  const seconds = `extract(epoch FROM ${interval})`
  const rounded = (aggregate: string) => `round(${aggregate}(${seconds}), 3)::float8`
  return `count(*)::float8 AS samples, ${rounded('min')} AS least_seconds, ${rounded('avg')} AS mean_seconds, ${rounded('max')} AS greatest_seconds`
}
