import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { observePlaintextReads } from '../../../src/opentelemetry/index.js'
import { registerSdk } from './sdk.js'

let sdk: ReturnType<typeof registerSdk>
beforeAll(() => {
  sdk = registerSdk()
})
afterAll(() => sdk.shutdown())

async function measured() {
  const points = (await sdk.metrics())['waxseal.adoption.plaintext_reads']?.dataPoints ?? []
  return points.map(({ value, attributes }) => [value, attributes])
}

test('reads are measured when they are asked for, by field and reader, until it is stopped', async () => {
  let reads = 1
  const observation = observePlaintextReads(() => [{ field: 'account.password', reader: 'plaintext', reads }])
  const attributes = { 'waxseal.field': 'account.password', 'waxseal.reader': 'plaintext' }
  expect(await measured()).toEqual([[1, attributes]])
  reads = 3
  expect(await measured()).toEqual([[3, attributes]])
  observation.stop()
  reads = 4
  expect(await measured()).not.toContainEqual([4, attributes])
})
