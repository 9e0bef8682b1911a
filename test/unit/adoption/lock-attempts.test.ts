import { expect, test } from '@jest/globals'
import { withLockAttempts } from '../../../src/adoption/lock-attempts.js'
import { ManualClock } from '../../../src/testing/index.js'

/** A connection on which a statement gets its lock at the nth time. */
function lockedUntil(attempt: number) {
  const texts: string[] = []
  let tried = 0
  return {
    texts,
    async query(text: string) {
      texts.push(text)
      if (text === 'ALTER' && ++tried < attempt) throw Object.assign(new Error('lock'), { code: '55P03' })
      return { rows: [] }
    },
  }
}

test('a lock that is not to be had is tried again, in a transaction of its own each time', async () => {
  const clock = new ManualClock()
  const client = lockedUntil(3)
  const done = withLockAttempts(client, clock, () => client.query('ALTER'))
  await clock.advance(500)
  await clock.advance(1_000)
  await done
  const attempt = ['BEGIN', "SET LOCAL lock_timeout = '2s'", 'ALTER']
  expect(client.texts).toEqual([...attempt, 'ROLLBACK', ...attempt, 'ROLLBACK', ...attempt, 'COMMIT'])
})

test('after ten attempts it gives up', async () => {
  const clock = new ManualClock()
  const client = lockedUntil(11)
  const done = withLockAttempts(client, clock, () => client.query('ALTER')).catch(({ code }) => code)
  await clock.advance(120_000)
  expect(await done).toBe('55P03')
  expect(client.texts.filter((text) => text === 'ALTER')).toHaveLength(10)
})

test('another refusal is not tried again', async () => {
  const client = { query: async (text: string) => (text === 'ALTER' ? Promise.reject(new Error('no')) : { rows: [] }) }
  await expect(withLockAttempts(client, new ManualClock(), () => client.query('ALTER'))).rejects.toThrow('no')
})
