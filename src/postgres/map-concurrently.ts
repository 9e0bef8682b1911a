/** `Promise.all` over `map`, with at most `limit` running at a time. Rejects with the first failure and starts no more. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  const pending = items.entries()
  let failed = false
  async function work(): Promise<void> {
    for (const [index, item] of pending) {
      if (failed) return
      try {
        results[index] = await map(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, work))
  return results
}
