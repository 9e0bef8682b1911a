import type { Queryable } from '../../src/postgres/index.js'

/** Says that the process is where it was told to stop, and never goes on. */
export function stopHere(): Promise<never> {
  process.stdout.write('stopped\n')
  // An open connection keeps the process alive.
  return new Promise(() => undefined)
}

export interface StopAt {
  /** Of the statements that match, which one, from 1. */
  readonly statement: string
  readonly nth: number
  readonly side: 'before' | 'after'
  /** Where given, the first that matches `statement` behind this many of these. */
  readonly behind?: { readonly statement: string; readonly nth: number }
}

/** A connection that stops for good at a statement. */
export function stoppingAt(client: Queryable, { statement, nth, side, behind }: StopAt): Queryable {
  const [pattern, first] = [new RegExp(statement), new RegExp(behind?.statement ?? '')]
  let [matched, passed] = [0, 0]
  return {
    async query(text, values) {
      const isBehind = behind === undefined || passed >= behind.nth
      const isIt = isBehind && pattern.test(text) && ++matched === nth
      if (first.test(text)) passed += 1
      if (isIt && side === 'before') await stopHere()
      const result = await client.query(text, values)
      if (isIt) await stopHere()
      return result
    },
  }
}
