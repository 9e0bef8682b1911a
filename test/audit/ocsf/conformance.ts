import { API_ACTIVITY, ONE_OF, REQUIRED, REQUIRED_OF, type Schema } from './schema-1.4.0.js'

type Value = Readonly<Record<string, unknown>>

/** What an event has that the schema does not know, in another type, and what it lacks. */
export function problemsOf(event: Value): string[] {
  const lacking = REQUIRED.filter((name) => event[name] === undefined).map((name) => `${name} is required`)
  return [...lacking, ...objectProblems('', event, API_ACTIVITY)]
}

function objectProblems(where: string, value: Value, schema: Schema): string[] {
  const has = (name: string) => value[name] !== undefined
  const required = (REQUIRED_OF[where] ?? []).filter((name) => !has(name)).map((name) => `${where}.${name} is required`)
  const oneOf = ONE_OF[where]
  const missing = oneOf && !oneOf.some(has) ? [`${where} needs one of ${oneOf.join(', ')}`] : []
  const members = Object.entries(value).flatMap(([name, member]) => {
    const path = where === '' ? name : `${where}.${name}`
    const expected = Object.hasOwn(schema, name) ? schema[name]! : undefined
    return expected === undefined ? [`${path} is not of this version`] : valueProblems(path, member, expected)
  })
  return [...required, ...missing, ...members]
}

function valueProblems(path: string, value: unknown, expected: Schema[string]): string[] {
  if (expected === 'anything') return []
  if (expected === 'list of string') {
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? [] : [`${path} is no list of text`]
  }
  if (typeof expected === 'string') return typeof value === expected ? [] : [`${path} is no ${expected}`]
  if (Array.isArray(expected)) {
    if (!Array.isArray(value)) return [`${path} is no list`]
    return value.flatMap((each) => objectProblems(`${path}[]`, each as Value, expected[0] as Schema))
  }
  if (typeof value !== 'object' || value === null) return [`${path} is no object`]
  return objectProblems(path, value as Value, expected as Schema)
}
