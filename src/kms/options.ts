import { ConfigurationError } from '../errors.js'

/** What a value has to be, and how an error says so. */
export type OptionRule = readonly [fits: (value: unknown) => boolean, must: string]

export type OptionRules<O> = Readonly<Record<keyof O & string, OptionRule>>

/** A mistyped option is a protection that the caller believes to have: it is refused, never ignored. */
export function assertKnown(where: string, options: object, known: readonly string[]): void {
  for (const name in options) {
    if (known.includes(name)) continue
    throw new ConfigurationError(`${where}: unknown option "${name}"; expected one of ${known.join(', ')}`)
  }
}

export function assertOptions<O extends object>(where: string, options: O, rules: OptionRules<O>): void {
  assertKnown(where, options, Object.keys(rules))
  for (const [name, [fits, must]] of Object.entries<OptionRule>(rules)) {
    const value = options[name as keyof O]
    if (value !== undefined && (value === null || !fits(value))) {
      throw new ConfigurationError(`${where}: "${name}" must ${must}`)
    }
  }
}

/** Names of keys come from the configuration and are no secret: the wrong one is repeated. */
export function assertKeyNames(
  provider: string,
  names: readonly string[],
  isName: (name: string) => boolean,
  expected: string,
): void {
  const wrong = names.find((each) => !isName(each))
  if (wrong !== undefined)
    throw new ConfigurationError(`provider "${provider}": expected ${expected}, found "${wrong}"`)
}

export const isObject = (value: unknown): boolean => typeof value === 'object'

export const isFunction = (value: unknown): boolean => typeof value === 'function'

export const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

export const isListOfText = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return methods.every((method) => isFunction((value as Record<string, unknown>)[method]))
}

export const wholeNumberFrom = (least: number): OptionRule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `be a whole number from ${least}`,
]

export const TEXT: OptionRule = [isText, 'be text that is not empty']

export const LIST_OF_TEXT: OptionRule = [isListOfText, 'be a list of texts that are not empty']

export const CLOCK: OptionRule = [(value) => hasMethods(value, ['now', 'after']), 'have the methods now and after']

/** What every provider takes whose keys are in a KMS that it calls. */
export const CALLING_PROVIDER = {
  client: [isObject, 'be the client that speaks to the KMS'],
  key: TEXT,
  previousKeys: LIST_OF_TEXT,
  recheckMs: wholeNumberFrom(0),
  clock: CLOCK,
} satisfies Record<string, OptionRule>
