import { cells, type ReportDefinition } from './report.js'

export const logIntegrity: ReportDefinition = {
  number: 'R13',
  name: 'integrity',
  title: 'Checkpoints of the log, and where they were anchored',
  serves: ['PCI DSS 10.3.4', 'NIST SP 800-53 AU-9(3)', 'ISO 27001 A.8.15'],
  tables: ['log_leaf', 'log_checkpoint', 'log_anchor'],
  columns: [
    { name: 'size', meaning: 'how many records the checkpoint covers' },
    { name: 'root', meaning: 'of the Merkle tree (RFC 6962), hexadecimal' },
    { name: 'signed_at', meaning: 'UTC' },
    { name: 'anchors', meaning: 'places outside of the database that hold it' },
    { name: 'anchored_at', meaning: 'when the last of them got it' },
  ],
  async read({ client }, { from, to }) {
    const { rows } = await client.query(
      `SELECT size::float8, encode(root, 'hex') AS root, signed_at,
        (SELECT string_agg(DISTINCT place, '; ' ORDER BY place) FROM waxseal.log_anchor
          WHERE log_anchor.size = log_checkpoint.size) AS anchors,
        (SELECT max(anchored_at) FROM waxseal.log_anchor WHERE log_anchor.size = log_checkpoint.size) AS anchored_at
      FROM waxseal.log_checkpoint WHERE signed_at >= $1 AND signed_at < $2 ORDER BY size`,
      [from, to],
    )
    const { rows: leaves } = await client.query(
      'SELECT COALESCE(max(position) + 1, 0)::float8 AS size FROM waxseal.log_leaf',
    )
    return {
      rows: rows.map(cells),
      population: Number(leaves[0]?.size),
      limits: ['The report lists what was signed. `waxseal audit check` compares it with the records.'],
    }
  },
}
