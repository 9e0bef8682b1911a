import { expect, test } from '@jest/globals'
import { auditGrants } from '../../../src/audit/grants.js'
import { waxseal } from '../../setup/cli.js'

test('prints what the owner of the tables has to run for a role', async () => {
  const { status, stdout } = await waxseal(['audit', 'grants', '--role', 'auditor', '--to', 'the reviewer'])
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `${auditGrants('auditor', 'the reviewer').join(';\n')};\n`,
  })
  expect(stdout).toContain('"the reviewer"')
})

test('a role that there is not is an error', async () => {
  const { status, stderr } = await waxseal(['audit', 'grants', '--role', 'owner', '--to', 'me'])
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'waxseal: --role: expected one of application, mirror, auditor, found "owner"\n',
  })
})
