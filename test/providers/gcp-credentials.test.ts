import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { gcpAccess } from '../../providers/gcp/access.js'
import { connectGcp } from '../../providers/gcp/index.js'
import { assertRejects } from '../../src/testing/contract/assertions.js'

const KEY = 'projects/test/locations/global/keyRings/test/cryptoKeys/test'

test('SDK that ends the process where it finds no credentials: the call says so, and nothing else rejects', async () => {
  // Nowhere to look: no metadata server, and a home without any.
  const nowhere = { METADATA_SERVER_DETECTION: 'none', GOOGLE_APPLICATION_CREDENTIALS: '', CLOUDSDK_CONFIG: '/nowhere' }
  const before = { ...process.env }
  Object.assign(process.env, nowhere)
  try {
    const provider = await connectGcp({ key: KEY, endpoint: '127.0.0.1:1' })
    for (const _ of [1, 2]) {
      const { message } = await assertRejects(provider.currentKek({}), 'ERR_CONFIGURATION')
      expect(message).toContain('no credentials')
    }
    const section = { key: KEY, endpoint: '127.0.0.1:1' }
    for (const ask of [() => gcpAccess.readKeyAccess(section, {}), () => gcpAccess.examine(section, 'writer', {})]) {
      const { message } = await assertRejects(ask(), 'ERR_CONFIGURATION')
      expect(message).toContain('no credentials')
    }
    // Jest lets a test fail in whose time a promise rejects that nobody listens to.
    await setImmediate()
  } finally {
    for (const name of Object.keys(nowhere)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
})
