import { styleText } from 'node:util'
import { escaped } from '../audit/escaped.js'
import { MAX_FIELD_BYTES } from '../envelope/format.js'
import { ConfigurationError } from '../errors.js'

type Style = Parameters<typeof styleText>[0]

/** The result of a command, and nothing else: scripts read it. */
export function print(text: string | Uint8Array): void {
  process.stdout.write(text)
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function printJson(value: unknown): void {
  for (const line of jsonLines(value)) printLine(line)
}

/** In one line, for commands that go on. */
export function printJsonLine(value: unknown): void {
  printLine(escaped(JSON.stringify(value)))
}

/** Of the same meaning, whoever wrote what is in it, and harmless on a terminal. */
export function jsonLines(value: unknown): string[] {
  return JSON.stringify(value, null, 2).split('\n').map(escaped)
}

/** For the person at the terminal, beside the result. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Colours on a terminal only, and not where NO_COLOR is set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream })
}

/** Base64url of the largest field, and room for its metadata. */
const LARGEST_INPUT = 2 * MAX_FIELD_BYTES

/** All of standard input. Refuses a terminal: a secret typed there would be shown and kept in its history. */
export async function readInput(what: string): Promise<Buffer> {
  if (process.stdin.isTTY) {
    throw new ConfigurationError(`expected ${what} on standard input, found a terminal; pipe it into the command`)
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > LARGEST_INPUT) {
      throw new ConfigurationError(`expected at most ${LARGEST_INPUT} bytes on standard input, found more`)
    }
  }
  return Buffer.concat(chunks)
}

export function firstLine(input: Buffer): string {
  return input.toString('utf8').split(/\r?\n/, 1)[0] ?? ''
}
