import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import type { RunEvent } from '../../src/rotation/index.js'
import { opened, Rotating, renewOn } from './renewing.js'

let made: Rotating
afterEach(() => made.drop())

test('a run whose signal is aborted ends behind the batch at hand, and goes on when it is called again', async () => {
  made = await Rotating.create()
  const rows = await made.insert(7)
  const controller = new AbortController()
  const events: RunEvent[] = []
  const onEvent = (event: RunEvent) => {
    events.push(event)
    if (event.type === 'batch') controller.abort()
  }
  const first = await renewOn(made, { signal: controller.signal, onEvent, batchRows: 2 })
  expect(first).toMatchObject({ state: 'running', renewed: 2 })
  expect(events.map(({ type }) => type)).toEqual(['started', 'pass', 'batch', 'ended'])
  const second = await renewOn(made)
  expect(second).toMatchObject({ run: first.run, state: 'finished', renewed: 7, failed: 0 })
  for (const [n, { plain }] of (await opened(made, rows)).entries()) {
    expect(plain).toEqual({ password: `password ${n}`, oauth: null })
  }
})

test('the KMS is asked about so many rows at a time', async () => {
  made = await Rotating.create()
  await made.insert(6)
  const { cipher } = made.credentials
  let [running, most] = [0, 0]
  const counting = {
    open: cipher.open.bind(cipher),
    forget: cipher.forget.bind(cipher),
    async mint(...args: Parameters<typeof cipher.mint>) {
      most = Math.max(most, ++running)
      await setImmediate()
      const minted = await cipher.mint(...args)
      running -= 1
      return minted
    },
  }
  expect(await renewOn(made, { cipher: counting, concurrency: 2, batchRows: 6 })).toMatchObject({ renewed: 6 })
  expect(most).toBe(2)
})

test('two processes share a run, and each row is renewed once', async () => {
  made = await Rotating.create()
  await made.insert(12)
  await Promise.all([renewOn(made), renewOn(made)])
  const { rows } = await made.pool.query(`SELECT sum(rows)::int AS rows FROM waxseal.run_count WHERE name = 'renewed'`)
  expect(rows).toEqual([{ rows: 12 }])
})
