import { afterEach, expect, test } from '@jest/globals'
import { type Fault, faults } from '../../src/testing/index.js'
import { opened, Rotating, renewOn } from './renewing.js'

let made: Rotating
afterEach(() => made.drop())

const FAULTS: Readonly<Record<string, Fault>> = {
  'that denies': faults.deny(),
  'that throttles': faults.throttle(),
  'that fails': faults.failWithServerError(),
  'whose reply is lost': faults.loseReply(),
  'that answers for another KEK': faults.answerWithOtherKek({ id: 'stranger', version: '7' }),
  'that answers with another data key': faults.answerWithOtherDataKey(),
}

for (const [what, fault] of Object.entries(FAULTS)) {
  for (const operation of ['unwrap', 'generateDataKey'] as const) {
    test(`a KMS ${what} when it is asked to ${operation}: no row is lost, and all are renewed when it is well`, async () => {
      made = await Rotating.create()
      const rows = await made.insert(4)
      made.credentials.cipher.forgetAll()
      made.credentials.provider.faults.inject(fault, { operation, times: 3 })
      await renewOn(made, { concurrency: 1, batchRows: 2 }).catch((error) => expect(error.code).toMatch(/^ERR_KMS/))
      made.credentials.provider.faults.clear()
      made.credentials.cipher.forgetAll()
      await allOpen()

      expect(await renewOn(made)).toMatchObject({ state: 'finished', failed: 0 })
      await allOpen()
      const now = await opened(made, rows)
      expect(now.filter(({ row }, n) => row.encryption_metadata.id === rows[n]!.encryption_metadata.id)).toEqual([])

      async function allOpen() {
        const passwords = (await opened(made, rows)).map(({ plain }) => plain.password)
        expect(passwords).toEqual(rows.map((_, n) => `password ${n}`))
      }
    })
  }
}
