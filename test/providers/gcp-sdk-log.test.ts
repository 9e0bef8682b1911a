import { expect, test } from '@jest/globals'
import { DataKey } from '../../src/kms/data-key.js'
import { printedWhile } from '../../src/testing/contract/printed.js'
import { startTestKms } from '../../src/testing/index.js'
import { closeGcpServer, gcpUnderTest } from './gcp-under-test.js'

test('SDK that prints data keys: a log that the environment switches on holds none', async () => {
  // Read when a client is made.
  process.env['GOOGLE_SDK_NODE_LOGGING'] = 'all'
  const marked = Buffer.from('a plaintext in a log')
  let [byMethod, byProvider] = ['', '']
  await printedWhile(async () => {
    const server = await startTestKms('gcp')
    const { provider, operator, key } = await gcpUnderTest(server)
    byMethod = await printedWhile(async () => void (await operator.encrypt({ name: key, plaintext: marked })))
    byProvider = await printedWhile(async () => {
      await provider.unwrap(await provider.wrap(DataKey.generate(), {}), {})
    })
    await closeGcpServer(server)
  })
  expect(byMethod).toContain(JSON.stringify([...marked]).slice(1, -1))
  expect(byProvider).toBe('')
})
