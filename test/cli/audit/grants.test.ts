import { expect, test } from '@jest/globals'
import { auditGrants } from '../../../src/audit/grants.js'
import { project, waxseal } from '../../setup/cli.js'
import { freshDatabase } from '../../setup/database.js'
import { provider } from '../protected-project.js'

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

test('without the tables a command says how to make them', async () => {
  const database = await freshDatabase()
  const { folder, remove } = project({ 'waxseal.config.json': JSON.stringify({ provider, database: database.url }) })
  const { status, stderr } = await waxseal(['audit', 'search'], { cwd: folder })
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('run "waxseal schema install"') })
  remove()
  await database.drop()
})
