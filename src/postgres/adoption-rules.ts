import { all, any, changed, type GuardRule, guardRules, notNull, setAnew, wellFormed } from './guard-rules.js'
import { type ProtectedTable, quoteIdentifier } from './protected-table.js'
import { sourceRules } from './source-rules.js'

/** What a table is guarded for. `enforce`: every value is encrypted. `adoption`: rows without an envelope still hold plaintext. */
export type GuardStage = 'enforce' | 'adoption'

/** The rules of a stage: of all fields alike, but for those that are adopted in place while the adoption goes on. */
export function rulesOf(table: ProtectedTable, stage: GuardStage): readonly (readonly GuardRule[])[] {
  return [stage === 'adoption' ? adoptionRules(table) : guardRules(table), sourceRules(table, stage)]
}

/** WX001 and WX002 look at a field in place only once its row has an envelope; the others never look at fields. */
function adoptionRules(table: ProtectedTable): readonly GuardRule[] {
  const inPlace = table.fields.filter(({ adoption }) => adoption?.placement === 'inPlace')
  const others = table.fields.filter((field) => !inPlace.includes(field))
  const metadata = quoteIdentifier(table.metadata)
  const [isEnveloped, wasEnveloped] = [`NEW.${metadata} <> '{}'`, `OLD.${metadata} <> '{}'`]
  const lenient = guardRules({ ...table, fields: inPlace })
  const ofInserts = (code: string) =>
    lenient.flatMap((rule) => (rule.code === code && rule.event === 'insert' ? rule.refused : []))

  return guardRules({ ...table, fields: others }).map((rule, index) => {
    if (rule.code !== 'WX001' && rule.code !== 'WX002') return rule
    const refused = [rule.refused, `(${all([isEnveloped, lenient[index]?.refused ?? 'false'])})`]
    if (rule.event === 'update' && rule.code === 'WX001') {
      // The row gets its envelope: plaintext that stands in a field has not changed, and is to be matched now.
      refused.push(`(${all([isEnveloped, `NOT ${wasEnveloped}`, any(ofInserts('WX001'))])})`)
    }
    if (rule.code === 'WX002') {
      // A ciphertext without an envelope would be taken for plaintext: one that arrives, as when the row lost its envelope
      // to a rollback meanwhile, and one that stays.
      const arrives = rule.event === 'insert' ? notNull : setAnew
      const astray = inPlace.map((field) => `(${arrives(field)} AND ${wellFormed(field)})`)
      refused.push(`(${all([`NOT ${isEnveloped}`, any(astray)])})`)
    }
    if (rule.code === 'WX002' && rule.event === 'update') {
      const stays = inPlace.map((field) => `(${notNull(field)} AND NOT (${changed(field)}))`)
      refused.push(`(${all([`NOT ${isEnveloped}`, wasEnveloped, any(stays)])})`)
    }
    return { ...rule, refused: any(refused) }
  })
}
