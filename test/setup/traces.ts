/** A place that was read, by name, so that a failing test can say where the canary was. */
export interface Place {
  where: string
  text: string
}

/** Where and in which form the canary occurs. Bytes in Postgres's hex notation are read as UTF-8 as well. */
export function findTracesIn(places: Iterable<Place>, canary: string): string[] {
  // A short one would turn up by chance in base64 or hex.
  if (Buffer.byteLength(canary) < 8) throw new Error('A canary needs at least 8 bytes')
  const forms = formsOf(canary)
  const found = new Set<string>()
  for (const { where, text } of places) {
    const full = withDecodedBytes(text)
    const lower = full.toLowerCase()
    for (const { name, value } of forms) {
      if ((name === 'hex' ? lower : full).includes(value)) found.add(`${where} (${name})`)
    }
  }
  return [...found]
}

export function withDecodedBytes(text: string): string {
  const decoded = [...text.matchAll(/\\x((?:[0-9a-f]{2})+)/gi)].map(([, hex]) =>
    Buffer.from(hex!, 'hex').toString('utf8'),
  )
  return decoded.length === 0 ? text : `${text}\n${decoded.join('\n')}`
}

function formsOf(canary: string): { name: string; value: string }[] {
  const json = JSON.stringify(canary).slice(1, -1)
  const base64 = [0, 1, 2].map((offset) => base64Within(canary, offset))
  return [
    { name: 'plain', value: canary },
    { name: 'JSON', value: json },
    { name: 'SQL literal', value: canary.replaceAll("'", "''") },
    // The server's log indents the further lines of a statement and of a parameter.
    { name: 'log lines', value: canary.replaceAll("'", "''").replaceAll('\n', '\n\t') },
    { name: 'hex', value: Buffer.from(canary).toString('hex') },
    ...base64.map((value) => ({ name: 'base64', value })),
    ...base64.map((value) => ({ name: 'base64url', value: value.replaceAll('+', '-').replaceAll('/', '_') })),
  ].filter(({ name, value }, index, all) => {
    // "JSON" and the like are only worth a line of their own when they differ from the plain form.
    return name === 'plain' || all.findIndex((other) => other.value === value) === index
  })
}

/** The characters that stay the same whatever stands before and after, at one of the three alignments. */
function base64Within(canary: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(canary)])
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6))
}
