import { ConfigurationError } from '../errors.js'

/** What a value has to be, and how an error says so. */
export type OptionRule = readonly [fits: (value: unknown) => boolean, must: string]

export type OptionRules<O> = Readonly<Record<keyof O & string, OptionRule>>

/** A mistyped option is a protection that the caller believes to have: it is refused, never ignored. */
export function assertOptions<O extends object>(where: string, options: O, rules: OptionRules<O>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      const known = Object.keys(rules).join(', ')
      throw new ConfigurationError(`${where}: unknown option "${name}"; expected one of ${known}`)
    }
    const [fits, must] = rules[name as keyof O & string]
    if (value !== undefined && (value === null || !fits(value))) {
      throw new ConfigurationError(`${where}: "${name}" must ${must}`)
    }
  }
}

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

export const CLOCK: OptionRule = [(value) => hasMethods(value, ['now', 'after']), 'have the methods now and after']
