import type { AdoptionPlan } from '../../adoption/index.js'
import { paint } from '../terminal.js'

export function planLines(plan: AdoptionPlan): string[] {
  const { entity, table, stage, fields, rows, bytes, growth, kmsCalls, sample, problems, statements } = plan
  const isReady = problems.length === 0 && sample.ambiguous === 0
  const calls = Object.entries(kmsCalls).filter(([, times]) => times > 0)
  return [
    `${isReady ? paint('green', '✓') : paint('red', '✗')} ${entity}: ${table}, ${stage}`,
    `  about ${count(rows)} rows, ${size(bytes)}; grows by about ${size(growth)}`,
    `  calls to the KMS: ${calls.map(([operation, times]) => `${count(times)} ${operation}`).join(', ') || 'none'}`,
    ...fields.map(({ id, placement, source, type, column, readers }) => {
      const named = readers.map(({ name, until }) => `${name} until ${until.toISOString().slice(0, 10)}`).join(', ')
      const where =
        placement === 'side' ? `beside "${source}" (${type}), in "${column}"` : `in place, "${source}" (${type})`
      return `  ${id}: ${where}; read by ${named}`
    }),
    ...scanLines(sample),
    ...problems.map((problem) => `  ${paint('red', 'problem:')} ${problem}`),
    statements.length === 0
      ? `  prepare would change nothing`
      : `  prepare runs ${statements.length} statements; each lock is waited for at most 2 s (waxseal adopt prepare --dry-run)`,
    `  → ${isReady ? 'waxseal adopt prepare' : 'mend what stands in the way'}. Nothing was changed.`,
  ]
}

/** Of a table, or of its first rows. */
export function scanLines({ rows, enveloped, empty, readers, ambiguous, examples }: AdoptionPlan['sample']): string[] {
  const values = Object.entries(readers)
    .sort()
    .map(([name, values]) => `${count(values)} values by ${name}`)
  return [
    `  of ${count(rows)} rows: ${count(enveloped)} encrypted, ${count(empty)} without a value; ${values.join(', ') || 'nothing to read'}`,
    ...(ambiguous > 0 ? [`  ${paint('red', `${count(ambiguous)} ambiguous:`)} no reader reads them`] : []),
    ...examples.map(({ primaryKey, problem }) => `    ${primaryKey.join(', ')}: ${problem}`),
  ]
}

const count = (number: number) => Math.round(number).toLocaleString('en')

function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
