import { expect, test } from '@jest/globals'
import { type PlannedServerFault, ServerFaults } from '../../../src/testing/servers/server-faults.js'

function planned(...faults: PlannedServerFault[]): ServerFaults {
  const plan = new ServerFaults()
  for (const fault of faults) plan.add(fault)
  return plan
}

test('a call meets the earliest fault that concerns it, and no other', () => {
  const plan = planned(
    { fault: 'deny', operation: 'Encrypt' },
    { fault: 'throttle', identity: 'a' },
    { fault: 'hang', operation: 'Decrypt', identity: 'b' },
  )
  expect(plan.take('Encrypt', 'a')).toMatchObject({ fault: 'deny' })
  expect(plan.take('Decrypt', 'a')).toMatchObject({ fault: 'throttle' })
  expect(plan.take('Decrypt', 'b')).toMatchObject({ fault: 'hang' })
  expect(plan.take('ReEncrypt', 'b')).toBeUndefined()
})

test('"times" is how many calls meet it, without it every one until they are cleared', () => {
  const plan = planned({ fault: 'deny', times: 2 }, { fault: 'throttle' })
  const met = Array.from({ length: 4 }, () => plan.take('Encrypt', 'a')?.fault)
  expect(met).toEqual(['deny', 'deny', 'throttle', 'throttle'])
  plan.clear()
  expect(plan.take('Encrypt', 'a')).toBeUndefined()
})

test.each([
  ['a fault that there is not', { fault: 'explode' }, /expected a fault of latency, hang/],
  ['a member that there is not', { fault: 'hang', time: 1 }, /found "time"/],
  ['a latency without its milliseconds', { fault: 'latency' }, /latency needs "ms"/],
  ['a number that is negative', { fault: 'latency', ms: -1 }, /"ms" must be a whole number/],
  ['a number that is not whole', { fault: 'throttle', retryAfterMs: 0.5 }, /"retryAfterMs" must be a whole number/],
])('%s is refused', (_, fault, message) => {
  expect(() => planned(fault as PlannedServerFault)).toThrow(message)
})
