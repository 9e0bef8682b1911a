import { ConfigurationError } from '../../src/errors.js'

/** Reads a JSON object of exactly these members, all text, the first of which is its format: `1`. */
export function parseRecord<Name extends string>(
  what: string,
  members: readonly [Name, ...Name[]],
  text: string,
): Readonly<Record<Name, string>> {
  const record = json(text)
  const names = Object.keys(record)
  const isText = (name: Name) => typeof record[name] === 'string'
  if (names.length === members.length && members.every(isText) && record[members[0]] === '1') {
    return record as Record<Name, string>
  }
  throw new ConfigurationError(
    `recipient "offline": expected a ${what} with the members ${members.join(', ')}, found something else; ` +
      'make it with "waxseal recovery-key"',
  )
}

function json(text: string): Partial<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Partial<Record<string, unknown>>
  } catch {
    return {}
  }
}
