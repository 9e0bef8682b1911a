import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Project, project, runNode } from '../../setup/cli.js'

/** As a package of its own tests its provider, with the runner that Node has. */
const SCRIPT = `
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ForwardingProvider } from 'waxseal/kms'
import { FaultyProvider, faults, testKmsProvider } from 'waxseal/testing'

/** Its calls take a while, in which the runner goes on. */
class RemoteProvider extends ForwardingProvider {
  async around(call) {
    await setImmediate()
    return super.around(call)
  }
}

testKmsProvider({ test }, {
  name: 'fake',
  async create() {
    const provider = new FaultyProvider()
    return {
      provider: new RemoteProvider(provider),
      rewraps: 'natively',
      control: {
        newKekVersion: async () => void provider.kms.rotate(),
        disable: async ({ version }) => provider.kms.disable(version),
        destroy: async ({ version }) => provider.kms.destroy(version),
        deny: async () => provider.faults.inject(faults.deny()),
        throttle: async () => provider.faults.inject(faults.throttle()),
        failWithServerError: async () => provider.faults.inject(faults.failWithServerError()),
        hang: async () => provider.faults.inject(faults.hang()),
        vendorCalls: () => provider.calls.map(({ operation }) => operation),
      },
    }
  },
})
`
let application: Project

beforeAll(() => {
  application = project({ 'fake.test.js': SCRIPT }, [])
})
afterAll(() => application?.remove())

test("the contract runs in Node's own runner, which reports in the process of the tests", async () => {
  const { stdout, status } = await runNode(['--test', '--test-reporter=tap', 'fake.test.js'], {
    cwd: application.folder,
  })
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(stdout).toMatch(/^ok \d+ - fake: prints nothing$/m)
  expect(status).toBe(0)
})
