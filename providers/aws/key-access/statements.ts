import { type JsonObject, objectAt, parseJson } from '../../../src/kms/untrusted-json.js'
import { fits, fitsAction } from '../../../src/kms/wildcard.js'

/** `maybe`: a policy variable decides, whose value is that of the caller. */
export type Fit = 'yes' | 'maybe' | 'no'

/** One statement of a policy of AWS, as far as it is about one key. */
export interface Statement {
  readonly label: string
  readonly isDeny: boolean
  readonly condition: string | undefined
  /** Undefined: a policy of an identity, which is about whoever has it. */
  readonly principals: readonly NamedPrincipal[] | undefined
  /** The principals are those whom it is *not* about. */
  readonly isAboutOthers: boolean
  covers(action: string): boolean
  coversKey(keyArn: string): Fit
}

export interface NamedPrincipal {
  /** `AWS`, `Service`, `Federated`, `CanonicalUser`. */
  readonly kind: string
  readonly name: string
}

/** Undefined for what is no policy. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export function statementsOf(text: string): readonly Statement[] | undefined {
  const found = objectAt(parseJson(text))?.Statement
  if (found === undefined) return undefined
  const statements = asList(found).map((each) => objectAt(each))
  if (statements.some((each) => each === undefined)) return undefined
  return (statements as JsonObject[]).map(statementOf)
}

function statementOf(statement: JsonObject, index: number): Statement {
  const { Sid, Condition, Effect, Action, NotAction, Resource, NotResource, Principal, NotPrincipal } = statement
  const isDeny = Effect === 'Deny'
  // What is not written as it should be allows everything and denies nothing.
  const unsaid = !isDeny
  return {
    label: typeof Sid === 'string' && Sid !== '' ? `"${Sid}"` : `statement ${index + 1}`,
    isDeny,
    condition: objectAt(Condition) && JSON.stringify(Condition),
    principals: principalsOf(Principal ?? NotPrincipal),
    isAboutOthers: Principal === undefined && NotPrincipal !== undefined,
    covers(action) {
      if (NotAction !== undefined) return !texts(NotAction).some((pattern) => fitsAction(pattern, action))
      return Action === undefined ? unsaid : texts(Action).some((pattern) => fitsAction(pattern, action))
    },
    coversKey(keyArn) {
      if (NotResource !== undefined) return OPPOSITE[closestOf(texts(NotResource), keyArn)]
      return Resource === undefined ? 'yes' : closestOf(texts(Resource), keyArn)
    },
  }
}

const OPPOSITE = { yes: 'no', maybe: 'maybe', no: 'yes' } as const

function closestOf(patterns: readonly string[], keyArn: string): Fit {
  const found = patterns.filter((pattern) => fits(pattern.replaceAll(/\$\{[^}]*\}/g, '*'), keyArn))
  if (found.length === 0) return 'no'
  return found.some((pattern) => !pattern.includes('${')) ? 'yes' : 'maybe'
}

function principalsOf(written: unknown): readonly NamedPrincipal[] | undefined {
  if (written === undefined) return undefined
  const kinds = objectAt(written) ?? { AWS: written }
  return Object.entries(kinds).flatMap(([kind, names]) => texts(names).map((name) => ({ kind, name })))
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])
const texts = (value: unknown) => asList(value).filter((each) => typeof each === 'string')
