import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { faults } from '../../src/testing/index.js'
import { nothing, Rotating } from './rotating.js'

let r: Rotating
beforeEach(async () => {
  r = await Rotating.create()
})
afterEach(() => r.drop())

const FAULTS = {
  'refuses it': faults.deny,
  'has too many calls': faults.throttle,
  'fails by itself': faults.failWithServerError,
}
const OPERATIONS = ['currentKek', 'rewrap', 'unwrap'] as const
const ROWS = 5

for (const operation of OPERATIONS) {
  for (const [what, fault] of Object.entries(FAULTS)) {
    test(`a KMS that ${what} when it is asked for ${operation}: nothing is stored that was not proven, and run again it is done`, async () => {
      await r.insert(ROWS)
      const { provider } = r.credentials
      const version = provider.kms.rotate()
      for (const times of [1, 2, 3]) {
        provider.faults.inject(fault(), { operation, times })
        const end = await r.rotate({ batchRows: 2 }).catch((error) => error)
        provider.faults.clear()
        // Either the run has ended, with or without failures, or it told why not and is open.
        if (end instanceof Error) expect(end).toMatchObject({ code: expect.stringMatching(/^ERR_KMS_/) })
        else expect(end).toMatchObject({ state: 'finished' })
        for (const row of await storedRows()) expect(await r.credentials.decrypt(row as never)).toBeDefined()
      }
      expect(await r.rotate({ batchRows: 2 })).toMatchObject({ state: 'finished', failed: 0 })
      for (const { encryption_metadata: metadata } of await storedRows()) {
        expect(metadata).toMatchObject({ wrap: 2, wraps: [{ kek: { version } }] })
      }
      expect(await r.rotate()).toMatchObject(nothing)
    })
  }
}

async function storedRows(): Promise<Record<string, unknown>[]> {
  return (await r.credentials.query('SELECT * FROM {table}')).rows
}
