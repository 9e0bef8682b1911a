export type MemorySample = Pick<NodeJS.MemoryUsage, 'heapUsed' | 'rss'>

/** Megabytes, from the second quarter of a run to its last. */
export function memoryGrowth(samples: readonly MemorySample[]): { heap: number; rss: number } {
  const quarter = Math.floor(samples.length / 4)
  const [early, late] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)]
  // Of a heap that is collected now and then, the least is what is held.
  const least = (of: readonly MemorySample[]) => Math.min(...of.map(({ heapUsed }) => heapUsed))
  const most = (of: readonly MemorySample[]) => Math.max(...of.map(({ rss }) => rss))
  return { heap: (least(late) - least(early)) / 1e6, rss: (most(late) - most(early)) / 1e6 }
}
