const START = 6
const BUCKETS = 1 << 20

/** Finds any of many texts, each of at least 8 characters, in one pass over what is searched. */
export function scannerFor<T extends { readonly value: string }>(needles: readonly T[]): (text: string) => T[] {
  const byStart = new Map<string, T[]>()
  const buckets = new Uint8Array(BUCKETS)
  for (const needle of needles) {
    const start = needle.value.slice(0, START)
    byStart.set(start, [...(byStart.get(start) ?? []), needle])
    let bucket = 0
    for (let at = 0; at < 4; at++) bucket = next(bucket, start.charCodeAt(at))
    buckets[bucket] = 1
  }
  return (text) => {
    const found = new Set<T>()
    let bucket = 0
    for (let end = 0; end < text.length; end++) {
      bucket = next(bucket, text.charCodeAt(end))
      if (buckets[bucket] === 0) continue
      const at = end - 3
      for (const needle of byStart.get(text.slice(at, at + START)) ?? []) {
        if (text.startsWith(needle.value, at)) found.add(needle)
      }
    }
    return [...found]
  }
}

/** Of the last four characters: what came before has been shifted out. */
const next = (bucket: number, code: number) => ((bucket << 5) ^ code) & (BUCKETS - 1)
