import { randomBytes } from 'node:crypto'

/** A value that occurs nowhere else: wherever it is found, an attempt put it. */
export function newCanary(): string {
  return `canary-${randomBytes(12).toString('hex')}`
}

/** How a text may lie in a column: as it is, as hexadecimal, or as base64 at any of three offsets. */
export function formsOf(text: string): string[] {
  const encoded = [0, 1, 2].map((offset) => base64Within(text, offset))
  return [
    ...new Set([
      text,
      JSON.stringify(text).slice(1, -1),
      Buffer.from(text).toString('hex'),
      ...encoded,
      ...encoded.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
    ]),
  ]
}

export function holds(place: string, text: string): boolean {
  return formsOf(text).some((form) => place.includes(form))
}

/** The characters that stay the same whatever stands before and after. */
function base64Within(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)])
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6))
}
