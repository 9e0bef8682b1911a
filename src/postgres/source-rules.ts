import type { GuardStage } from './adoption-rules.js'
import { all, any, changed, type GuardRule, text } from './guard-rules.js'
import { type FieldColumn, type ProtectedTable, quoteIdentifier } from './protected-table.js'

/**
 * The rules for columns beside which a field is adopted (`side`), where the table has such. A program without waxseal, or
 * of an earlier stage, knows that column only: what it would write there is read by nobody once the row has an envelope,
 * and once the table is enforced.
 */
export function sourceRules(table: ProtectedTable, stage: GuardStage): readonly GuardRule[] {
  const sides = table.fields.filter(({ adoption }) => adoption?.placement === 'side')
  if (sides.length === 0) return []
  const metadata = quoteIdentifier(table.metadata)
  const [old, now] = [`OLD.${metadata}`, `NEW.${metadata}`]
  const source = (field: FieldColumn) => quoteIdentifier(field.adoption?.source ?? field.column)
  const isSet = (field: FieldColumn) => `NEW.${source(field)} IS NOT NULL`
  // As text: json has no equality.
  const moved = (field: FieldColumn) =>
    `${text(`NEW.${source(field)}`)} IS DISTINCT FROM ${text(`OLD.${source(field)}`)}`
  const alone = (field: FieldColumn) => all([`${now} -> 'wraps' IS NOT NULL`, moved(field), `NOT (${changed(field)})`])
  const shredded = (field: FieldColumn) => all([`${now} -> 'shredded' IS NOT NULL`, isSet(field), moved(field)])

  if (stage === 'adoption') {
    return [
      {
        code: 'WX006',
        event: 'update',
        refused: any(sides.flatMap((field) => [`(${alone(field)})`, `(${shredded(field)})`])),
      },
    ]
  }
  const unread = (field: FieldColumn) => all([`${now} = '{}'`, isSet(field)])
  return [
    { code: 'WX006', event: 'insert', refused: any(sides.map((field) => `(${unread(field)})`)) },
    {
      code: 'WX006',
      event: 'update',
      refused: any(
        sides.flatMap((field) => [
          // Taking the plaintext away is what is left to do.
          `(${isSet(field)} AND ${alone(field)})`,
          `(${shredded(field)})`,
          `(${unread(field)} AND (${moved(field)} OR ${now} IS DISTINCT FROM ${old}))`,
        ]),
      ),
    },
  ]
}
