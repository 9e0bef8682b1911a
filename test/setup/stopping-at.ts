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
}

/** A connection that stops for good at a statement. */
export function stoppingAt(client: Queryable, { statement, nth, side }: StopAt): Queryable {
  const pattern = new RegExp(statement)
  let matched = 0
  return {
    async query(text, values) {
      const isIt = pattern.test(text) && ++matched === nth
      if (isIt && side === 'before') await stopHere()
      const result = await client.query(text, values)
      if (isIt) await stopHere()
      return result
    },
  }
}
