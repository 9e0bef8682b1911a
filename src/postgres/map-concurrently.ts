/** `Promise.all` over `map`, with at most `limit` running at a time. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  const pending = items.entries()
  async function work(): Promise<void> {
    for (const [index, item] of pending) {
      results[index] = await map(item)
    }
  }
  await Promise.all(Array.from({ length: limit }, work))
  return results
}
