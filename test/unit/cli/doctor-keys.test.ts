import { expect, test } from '@jest/globals'
import { checkKeys } from '../../../src/cli/doctor/keys.js'
import { validateConfiguration } from '../../../src/config/load-configuration.js'
import { InMemoryCallLedger } from '../../../src/kms/call-ledger.js'
import { answerWithOtherDataKey } from '../../../src/testing/faults.js'
import { kmsNamed } from '../envelope/fixtures.js'

const codesOf = async (...[kms, ledger]: [ReturnType<typeof kmsNamed>, InMemoryCallLedger]) => {
  const { findings } = await checkKeys(validateConfiguration({ provider: kms }), ledger)
  return findings.map(({ code }) => code)
}

test('a KEK is reached when it wrapped a canary and opened it again, each in the ledger', async () => {
  const ledger = new InMemoryCallLedger()
  expect(await codesOf(kmsNamed('kms'), ledger)).toContain('KEK_REACHABLE')
  expect(ledger.counts()).toMatchObject({ wrap: 1, unwrap: 1 })
})

test('a KMS that opens the canary to another key is not reached', async () => {
  const kms = kmsNamed('kms')
  kms.faults.inject(answerWithOtherDataKey(), { operation: 'unwrap' })
  expect(await codesOf(kms, new InMemoryCallLedger())).toEqual(['KEK_UNREACHABLE'])
})
