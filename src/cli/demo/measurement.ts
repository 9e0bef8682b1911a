import type { InMemoryCallLedger, KmsOperation } from '../../kms/call-ledger.js'

export type KmsCalls = Readonly<Partial<Record<KmsOperation, number>>>

/** One operation on the protected table, and the same on the twin. */
export interface Operation {
  readonly name: string
  readonly times: number
  /** The published number of calls for one operation. */
  readonly kmsCalls: KmsCalls
  /** Before each measured run, unmeasured. */
  readonly prepare?: () => void
  readonly encrypted: () => Promise<unknown>
  readonly twin: () => Promise<unknown>
}

export interface Measurement {
  readonly name: string
  readonly kmsCalls: KmsCalls
  readonly promised: KmsCalls
  readonly ms: number
  /** Absent where the twin has no such operation. */
  readonly twinMs?: number
}

/** The fastest of its runs, taken in turns: whatever else the machine does makes the others slower. */
export async function measure(operation: Operation, ledger: InMemoryCallLedger): Promise<Measurement> {
  const { name, times, kmsCalls: promised, prepare, encrypted, twin } = operation
  const [here, there]: [number[], number[]] = [[], []]
  const total: Partial<Record<KmsOperation, number>> = {}
  // Once unmeasured: fills the cache of data keys and lets the runtime compile.
  await twin()
  await encrypted()
  for (let run = 0; run < times; run++) {
    there.push(await timed(twin))
    prepare?.()
    ledger.clear()
    here.push(await timed(encrypted))
    for (const [call, number] of Object.entries(ledger.counts()) as [KmsOperation, number][]) {
      total[call] = (total[call] ?? 0) + number
    }
  }
  const kmsCalls = Object.fromEntries(Object.entries(total).map(([call, number]) => [call, number / times]))
  return { name, kmsCalls, promised, ms: Math.min(...here), twinMs: Math.min(...there) }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}
