import { expect, test } from '@jest/globals'
import { connectTrails, trailsOf } from '../../../src/config/connect-trails.js'
import { validateConfiguration } from '../../../src/config/load-configuration.js'

const provider = { name: 'local', keys: `1:${Buffer.alloc(32, 7).toString('base64')}` } as const
const FILE = { provider: 'vault', reader: 'audit-file', files: 'a.log' } as const

test('each trail gets its reader, with what it is understood by', async () => {
  const [trail] = await connectTrails([{ ...FILE, scope: 'vault.example.com' }])
  expect(trail).toMatchObject({ reader: { provider: 'vault', name: 'audit-file', scope: 'vault.example.com' } })
  expect(trail!.normalize({ raw: '' })).toEqual({ quarantined: expect.any(String) })
})

test('a reader that the provider does not have is refused, with those that it has', async () => {
  await expect(connectTrails([{ ...FILE, reader: 'syslog' }])).rejects.toThrow(
    'expected a reader of the provider "vault" (audit-file), found "syslog"',
  )
  await expect(connectTrails([{ ...FILE, reader: 'constructor' }])).rejects.toThrow('found "constructor"')
})

test('without trails there is nothing to mirror', () => {
  expect(() => trailsOf(validateConfiguration({ provider }), undefined)).toThrow(
    'expected trails in "audit", found none',
  )
})
