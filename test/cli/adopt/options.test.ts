import { afterEach, expect, test } from '@jest/globals'
import { type Adopting, adopting } from './adopting.js'

let it: Adopting
afterEach(() => it.remove())

const events = ({ stdout }: { stdout: string }) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('--sample bounds the rows that plan looks at', async () => {
  it = await adopting()
  for (const password of ['a', 'b', 'c']) await it.insert(password)
  expect((await it.adopt('plan', '--sample', '2')).stdout).toMatch(/of 2 rows: 0 encrypted/)
  expect((await it.adopt('plan')).stdout).toMatch(/of 3 rows: 0 encrypted/)
})

test('--batch is how many rows a transaction has', async () => {
  it = await adopting()
  for (const password of ['a', 'b', 'c']) await it.insert(password)
  await it.adopt('prepare')
  await it.join('adopt-write')
  const batches = events(await it.adopt('run', '--json', '--batch', '2', '--rate', '1000')).filter(
    ({ type }) => type === 'batch',
  )
  expect(batches.map(({ rows }) => rows)).toEqual([2, 1])
})

test('--entity names the tables', async () => {
  it = await adopting()
  expect(await it.adopt('plan', '--entity', 'account')).toMatchObject({ status: 0 })
  expect(await it.adopt('plan', '--entity', 'other')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/--entity: expected one of account, found "other"/),
  })
})
