import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 500

export interface Patience {
  /** Milliseconds since the epoch. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** Is told what is waited for, whenever that changes. */
  readonly onWait: (found: readonly string[]) => void
}

/** Looks again until nothing speaks against it any more, and returns what did at the deadline. */
export async function waitFor(
  look: () => Promise<string[]>,
  { deadline, signal, onWait }: Patience,
): Promise<string[]> {
  let told = ''
  for (;;) {
    const found = await look()
    if (found.length === 0 || Date.now() >= deadline) return found
    if (told !== found.join()) onWait(found)
    told = found.join()
    await pause(POLL_MS, undefined, { signal })
  }
}
