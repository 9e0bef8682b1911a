import { scannerFor } from './scanner.js'

/** A place that was read, by name, so that a failing test can say where the canary was. */
export interface Place {
  where: string
  text: string
}

/** Where and in which form the canary occurs. Bytes in Postgres's hex notation are read as UTF-8 as well. */
export function findTracesIn(places: Iterable<Place>, canary: string | Uint8Array): string[] {
  return findTracesOf([canary], places)[0]!
}

/** As `findTracesIn`, for each of many canaries. */
export function findTracesOf(canaries: readonly (string | Uint8Array)[], places: Iterable<Place>): string[][] {
  const found = canaries.map(() => new Set<string>())
  const needles = canaries.flatMap((canary, index) => {
    // A short one would turn up by chance in base64 or hex.
    if (Buffer.byteLength(canary) < 8) throw new Error('A canary needs at least 8 bytes')
    return formsOf(canary).map((form) => ({ ...form, index }))
  })
  const scanners = (['full', 'bytes'] as const).map((reading) => {
    return { reading, scan: scannerFor(needles.filter(({ as = 'full' }) => as === reading)) }
  })
  for (const { where, text } of places) {
    const readings = readingsOf(text)
    for (const { reading, scan } of scanners) {
      for (const { index, name } of scan(readings[reading])) found[index]!.add(`${where} (${name})`)
    }
  }
  return found.map((each) => [...each])
}

/** `bytes`: what inspectors and JSON put between the bytes of a buffer is left out. */
function readingsOf(text: string): Readonly<Record<Reading, string>> {
  const full = withDecodedBytes(text)
  return {
    full,
    bytes: full
      .toLowerCase()
      .replaceAll(/[\s\\"]+/g, '')
      .replaceAll(/\d+:/g, ''),
  }
}

type Reading = 'full' | 'bytes'

export function withDecodedBytes(text: string): string {
  const decoded = [...text.matchAll(/\\x((?:[0-9a-f]{2})+)/gi)].map(([, hex]) =>
    Buffer.from(hex!, 'hex').toString('utf8'),
  )
  return decoded.length === 0 ? text : `${text}\n${decoded.join('\n')}`
}

interface Form {
  readonly name: string
  readonly value: string
  readonly as?: Reading
}

function formsOf(canary: string | Uint8Array): Form[] {
  const forms = typeof canary === 'string' ? textFormsOf(canary) : byteFormsOf(Buffer.from(canary), '')
  return forms.filter(({ name, value }, index, all) => {
    // "JSON" and the like are only worth a line of their own when they differ from the plain form.
    return name === 'plain' || all.findIndex((other) => other.value === value) === index
  })
}

function textFormsOf(canary: string): Form[] {
  return [
    { name: 'plain', value: canary },
    { name: 'JSON', value: JSON.stringify(canary).slice(1, -1) },
    { name: 'SQL literal', value: canary.replaceAll("'", "''") },
    // The server's log indents the further lines of a statement and of a parameter.
    { name: 'log lines', value: canary.replaceAll("'", "''").replaceAll('\n', '\n\t') },
    ...byteFormsOf(Buffer.from(canary), ''),
    ...byteFormsOf(Buffer.from(canary, 'utf16le'), 'UTF-16 '),
  ]
}

function byteFormsOf(bytes: Buffer, prefix: string): Form[] {
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset))
  return [
    { name: `${prefix}latin1`, value: bytes.toString('latin1') },
    { name: `${prefix}hex`, value: bytes.toString('hex'), as: 'bytes' },
    { name: `${prefix}numbers`, value: bytes.join(','), as: 'bytes' },
    ...base64.map((value) => ({ name: `${prefix}base64`, value })),
    ...base64.map((value) => ({
      name: `${prefix}base64url`,
      value: value.replaceAll('+', '-').replaceAll('/', '_'),
    })),
  ]
}

/** The characters that stay the same whatever stands before and after, at one of the three alignments. */
function base64Within(bytes: Buffer, offset: number): string {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
  return shifted.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6))
}
