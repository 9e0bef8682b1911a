import { cells, type ReportDefinition } from './report.js'

export const logIntegrity: ReportDefinition = {
  number: 'R13',
  name: 'integrity',
  title: 'Checkpoints of the log, where they were anchored, and who checked it',
  serves: ['PCI DSS 10.3.4', 'NIST SP 800-53 AU-9(3)', 'ISO 27001 A.8.15'],
  tables: ['log_leaf', 'log_checkpoint', 'log_anchor', 'application_event'],
  columns: [
    {
      name: 'what',
      meaning: 'checkpoint: the log was signed; check: `waxseal audit check` compared it with its records',
    },
    { name: 'at', meaning: 'UTC' },
    { name: 'size', meaning: 'how many records the checkpoint covers, or were checked' },
    { name: 'root', meaning: 'of the Merkle tree (RFC 6962), hexadecimal' },
    { name: 'anchors', meaning: 'places outside of the database that hold it' },
    { name: 'anchored_at', meaning: 'when the last of them got it' },
    { name: 'checked_by', meaning: 'the role in Postgres' },
    { name: 'findings', meaning: 'of the check: 0 where each record was as it was written down' },
  ],
  async read({ client }, { from, to }) {
    const { rows } = await client.query(
      `SELECT 'checkpoint' AS what, signed_at AS at, size::float8 AS size, encode(root, 'hex') AS root,
        (SELECT string_agg(DISTINCT place, '; ' ORDER BY place) FROM waxseal.log_anchor
          WHERE log_anchor.size = log_checkpoint.size) AS anchors,
        (SELECT max(anchored_at) FROM waxseal.log_anchor WHERE log_anchor.size = log_checkpoint.size) AS anchored_at,
        NULL AS checked_by, NULL::float8 AS findings
      FROM waxseal.log_checkpoint WHERE signed_at >= $1 AND signed_at < $2
      UNION ALL
      SELECT 'check', inserted_at, (detail ->> 'size')::float8, NULL, NULL, NULL, actor, (detail ->> 'findings')::float8
      FROM waxseal.application_event
      WHERE category = 'audit' AND action = 'check' AND inserted_at >= $1 AND inserted_at < $2
      ORDER BY at, size`,
      [from, to],
    )
    const { rows: leaves } = await client.query(
      'SELECT COALESCE(max(position) + 1, 0)::float8 AS size FROM waxseal.log_leaf',
    )
    return {
      rows: rows.map(cells),
      population: Number(leaves[0]?.size),
      limits: ['The report lists what was signed, and what checks found. `waxseal audit check` looks anew.'],
    }
  },
}
