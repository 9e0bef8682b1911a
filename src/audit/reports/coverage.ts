import type { ReportDefinition } from './report.js'

export const coverage: ReportDefinition = {
  number: 'R20',
  name: 'coverage',
  title: 'Whether every credential is encrypted',
  serves: ['PCI DSS 3.5.1', 'SOC 2 CC6.1', 'ISO 27001 A.8.24'],
  tables: ['protected tables'],
  columns: [
    { name: 'table', meaning: 'as it is written in SQL' },
    { name: 'column', meaning: 'an encrypted field' },
    { name: 'rows', meaning: 'of the table' },
    { name: 'wrapped', meaning: 'rows with an envelope whose data key is stored' },
    { name: 'shredded', meaning: 'rows whose data key was destroyed' },
    { name: 'empty', meaning: 'rows without an envelope' },
    { name: 'unreadable', meaning: 'rows with encryption metadata of no known format' },
    { name: 'plaintext', meaning: 'rows with a value that is no ciphertext' },
    { name: 'legacy', meaning: 'rows with a value of an older encryption' },
    { name: 'undecodable', meaning: 'rows with a value that looks like ciphertext and is none' },
    { name: 'foreign', meaning: 'rows with a ciphertext under another data key than the envelope names' },
  ],
  async read({ census }) {
    const counted = await census()
    return {
      rows: counted.flatMap(({ table, rows, wrapped, shredded, empty, undecodable: unreadable, fields }) =>
        fields.map(({ column, counts: { plaintext, legacy, undecodable, foreign } }) => ({
          ...{ table, column, rows, wrapped, shredded, empty, unreadable, plaintext, legacy, undecodable, foreign },
        })),
      ),
      population: counted.reduce((sum, { rows }) => sum + rows, 0),
      limits: ['Counted at the time of the report, whatever its period.'],
    }
  },
}
