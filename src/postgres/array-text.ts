/**
 * An array as text, for a parameter. `pg` makes one too, but only when it sends the statement: this one is made while the server
 * is busy with the statement before.
 */
export function arrayText(list: readonly (string | null)[]): string {
  return `{${list.map((each) => (each === null ? 'NULL' : quoted(each))).join(',')}}`
}

const quoted = (text: string) => `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`
