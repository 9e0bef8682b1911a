import { z } from 'zod'
import { ConfigurationError } from '../errors.js'

export interface Problem {
  /** Such as `accepted[0].until`. */
  readonly path: string
  /** What was expected, and what to do about it. */
  readonly expected: string
  /** The kind of what was found, never the value: it may be a key or a password. */
  readonly found: string
}

/** The message of a rule: what is expected. `found` is added by whoever reports. */
export function expecting(what: string): { readonly error: string } {
  return { error: what }
}

export function member<const T extends readonly string[]>(words: T): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(words, expecting(`one of ${words.join(', ')}`))
}

/** An object without further members: an option that nobody reads is a mistake that nobody sees. */
export function strict<T extends z.core.$ZodLooseShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, expecting(`an object with the members ${Object.keys(shape).join(', ')}`))
}

/** Every issue as a problem. `input` is what was parsed, for its kinds. */
export function problemsOf(error: z.ZodError, input: unknown, nameOf = printPath): Problem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const [, members = 'none'] = /members (.*)$/.exec(issue.message) ?? []
      return issue.keys.map((key) => {
        return { path: nameOf([...issue.path, key]), expected: `no such option; known are ${members}`, found: '' }
      })
    }
    const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
    return [{ path: nameOf(issue.path), expected: `expected ${message}`, found: kindOf(valueAt(input, issue.path)) }]
  })
}

/** One error that lists them all, so that nobody mends a configuration one start at a time. */
export function configurationError(source: string, problems: readonly Problem[]): ConfigurationError {
  const lines = problems.map(({ path, expected, found }) => `${path}: ${expected}${found && `, found ${found}`}`)
  if (lines.length === 1) return new ConfigurationError(`${source}: ${lines[0]}`)
  return new ConfigurationError(`${source}: ${lines.length} problems${lines.map((line) => `\n  ${line}`).join('')}`)
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'string') return value === '' ? 'empty text' : 'other text'
  if (typeof value === 'object') return 'another object'
  return typeof value === 'boolean' ? 'true or false' : `a ${typeof value}`
}

function printPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.replace(/^\./, '') || 'the configuration'
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part], input)
}
