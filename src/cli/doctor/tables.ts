import { censusOf, type FieldCounts, type TableCensus } from '../../census/index.js'
import { checkGuard, type ProtectedTable, type Queryable } from '../../postgres/index.js'
import { failureOf } from '../failure.js'
import { type Finding, type FindingCode, finding } from './finding.js'

export interface TableReport {
  readonly findings: readonly Finding[]
  /** Absent where they were not counted. */
  readonly counts?: TableCensus
}

/** One protected table: its guard and columns, what its envelopes are bound to, and what lies in it. */
export async function checkTable(client: Queryable, table: ProtectedTable, withRows: boolean): Promise<TableReport> {
  const guard = (await checkGuard(client, table)).findings
  const found = [...guard.map(({ code, message, remedy }) => finding(code, message, remedy)), ...checkBinding(table)]
  if (!withRows || guard.some(({ code }) => code === 'TABLE_MISSING')) return { findings: found }
  try {
    const counts = await censusOf(client, table)
    return { findings: [...found, ...rowFindings(counts)], counts }
  } catch (error) {
    const remedy = 'mend what is said about its columns, or grant this user SELECT'
    return {
      findings: [
        ...found,
        finding('ROWS_NOT_COUNTED', `its rows were not counted: ${failureOf(error).message}`, remedy),
      ],
    }
  }
}

function checkBinding({ row }: ProtectedTable): Finding[] {
  if (row.length > 0) return []
  return [
    finding(
      'ROW_NOT_BOUND',
      'envelopes are not bound to the primary key (bindRow: false): whoever can write the table can move one to another row of the same context',
      'let the application assign uuid keys, where that is possible; docs/threat-model.md says what remains',
    ),
  ]
}

/** What each count of a field is called, what it says, and what to do. In the order in which they are reported. */
const OF_FIELDS: readonly [count: keyof FieldCounts, code: FindingCode, what: string, remedy: string][] = [
  [
    'plaintext',
    'ROWS_PLAINTEXT',
    'plaintext',
    'save them through the application, which encrypts them; change the credentials: backups and logs have them',
  ],
  [
    'legacy',
    'ROWS_LEGACY',
    'ciphertext of another scheme (iv:tag:ciphertext)',
    'decrypt them as before and save them through the application',
  ],
  [
    'undecodable',
    'ROWS_UNDECODABLE',
    'a ciphertext that is cut or altered',
    'restore them from a backup, or set the credentials anew',
  ],
  [
    'foreign',
    'ROWS_FOREIGN',
    "a ciphertext of another data key than the row's, or of none",
    'find out who wrote them; restore them from a backup',
  ],
]

function rowFindings({ undecodable, fields }: TableCensus): Finding[] {
  const ofFields = fields.flatMap((field) =>
    OF_FIELDS.filter(([count]) => field.counts[count] > 0).map(([count, code, what, remedy]) => {
      const found = field.counts[count]
      return finding(code, `column "${field.column}": ${rows(found)} ${found === 1 ? 'holds' : 'hold'} ${what}`, remedy)
    }),
  )
  if (undecodable === 0) return ofFields
  const message = `${rows(undecodable)} with encryption metadata that is not of format 1`
  const remedy = 'restore it from a backup; without its metadata a credential cannot be read'
  return [finding('METADATA_UNDECODABLE', message, remedy), ...ofFields]
}

const rows = (count: number) => (count === 1 ? '1 row' : `${count.toLocaleString('en')} rows`)
