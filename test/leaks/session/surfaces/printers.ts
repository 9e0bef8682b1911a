import { format, inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import type { Surface } from '../surface.js'

const EVERYTHING = {
  depth: Number.POSITIVE_INFINITY,
  showHidden: true,
  getters: true,
  maxArrayLength: null,
  maxStringLength: null,
} as const
const own = (value: unknown) => (typeof value === 'object' && value !== null ? Reflect.ownKeys(value) : [])

/** All ways in which a program, a logger or a debugger makes text of a value. */
const PRINTERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  'JSON.stringify': (value) => JSON.stringify(value),
  'String()': (value) => String(value),
  'a stack': (value) => (value as Error | undefined)?.stack,
  'util.format': (value) => format('%s %o %O %j', value, value, value, value),
  inspect: (value) => inspect(value),
  'inspect of everything': (value) => inspect(value, EVERYTHING),
  'inspect without custom ones': (value) => inspect(value, { ...EVERYTHING, customInspect: false }),
  'inspect of a structured clone': (value) => inspect(structuredClone(value), EVERYTHING),
  'inspect of a serialised copy': (value) => inspect(deserialize(serialize(value)), EVERYTHING),
  'own properties': (value) =>
    own(value).map((key) => inspect([key, Reflect.get(value as object, key)], { ...EVERYTHING, customInspect: false })),
  'valueOf()': (value) => (value as object | undefined)?.valueOf(),
  concatenation: (value) => `x${value}`,
}

/** Each printer is a place. It is shown outcomes and, one by one, the members of an outcome. */
export function printers(): Surface {
  const printed = Object.entries(PRINTERS).map(([name, print]) => ({ where: name, print, lines: [] as string[] }))
  return {
    show(outcome) {
      const members = own(outcome).map((key) => Reflect.get(outcome as object, key))
      for (const { print, lines } of printed)
        for (const value of [outcome, ...members]) lines.push(attempt(print, value))
    },
    places: () => printed.map(({ where, lines }) => ({ where, text: lines.join('\n') })),
  }
}

/** Some values refuse to become text, and say so in an error that is printed as well. */
function attempt(print: (value: unknown) => unknown, value: unknown): string {
  try {
    const text = print(value)
    return typeof text === 'string' ? text : inspect(text)
  } catch (error) {
    return inspect(error, EVERYTHING)
  }
}
