/**
 * Control characters, and what changes the direction or the end of a line: callers write user agents, names and contexts
 * themselves, and would otherwise write to the terminal of whoever reads them.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** Harmless on a terminal, and in a line of JSON of the same meaning: none of these stands outside of its strings. */
export function escaped(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
