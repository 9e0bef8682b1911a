/** Cut in the middle: both ends of a ciphertext say something. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text
  const head = Math.ceil((width - 1) * 0.7)
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`
}

export const count = (value: number) => value.toLocaleString('en-US')

/** `1 row`, `2 rows`. */
export const counted = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`

export function duration(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

/** Breaks between items, never within one. */
export function wrap(items: readonly string[], width: number, separator = ' '): string[] {
  const lines: string[] = []
  let line = ''
  for (const [index, item] of items.entries()) {
    const next = index === items.length - 1 ? item : item + separator
    if (line && line.length + next.trimEnd().length > width) {
      lines.push(line.trimEnd())
      line = next
    } else line += next
  }
  return [...lines, line]
}
