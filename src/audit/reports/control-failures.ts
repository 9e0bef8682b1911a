import { cells, type ReportDefinition } from './report.js'

export const controlFailures: ReportDefinition = {
  number: 'R17',
  name: 'control-failures',
  title: 'When a control did not work',
  serves: ['PCI DSS 10.7.2', 'PCI DSS 10.7.3', 'DORA RTS 2024/1774 Art. 12'],
  tables: ['control_failure', 'control_restored'],
  columns: [
    { name: 'control', meaning: 'what did not work, such as the mirror of a trail or the writing of the ledger' },
    { name: 'scope', meaning: 'where' },
    { name: 'started_at', meaning: 'UTC' },
    { name: 'restored_at', meaning: 'UTC; null: not yet' },
    { name: 'seconds', meaning: 'how long, up to now where it is not restored' },
    { name: 'cause', meaning: 'as it was found' },
    { name: 'effect', meaning: 'what it meant meanwhile' },
    { name: 'remedy', meaning: 'what ended it' },
  ],
  async read({ client, now }, { from, to }) {
    const { rows } = await client.query(
      `SELECT control, scope, started_at, restored_at,
        round(extract(epoch FROM COALESCE(restored_at, $3) - started_at))::float8 AS seconds, cause, effect, remedy
      FROM waxseal.control_failure LEFT JOIN waxseal.control_restored ON failure = id
      WHERE started_at < $2 AND (restored_at IS NULL OR restored_at >= $1) ORDER BY started_at, control, scope`,
      [from, to, now],
    )
    return { rows: rows.map(cells), population: rows.length }
  },
}
