import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { EventLoopTurns } from '../../src/rotation/event-loop-turns.js'

test('others have a turn between so many rows, although no row waits for anything', async () => {
  const turns = new EventLoopTurns(8)
  let done = 0
  async function work(rows: number): Promise<void> {
    for (let row = 0; row < rows; row++) {
      done += 1
      await turns.next()
    }
  }
  const working = Promise.all([work(40), work(40)])
  const seen: number[] = []
  while (done < 80) {
    await turn()
    seen.push(done)
  }
  await working
  expect(seen.length).toBeGreaterThanOrEqual(80 / 8 - 1)
})
