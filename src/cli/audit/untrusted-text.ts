/**
 * Control characters, and what changes the direction or the end of a line: whoever calls a KMS writes his user agent and his
 * encryption context himself, and would otherwise write to the reviewer's terminal.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** Harmless on a terminal, and in JSON of the same meaning: none of these characters stands outside of its strings. */
export function escaped(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** As `printJson` does it, one line for each line of JSON. */
export function jsonLines(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(escaped).join('\n')
}
