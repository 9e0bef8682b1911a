import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AuditRole, auditGrants } from '../../../src/audit/grants.js'
import { readTrailWitnesses } from '../../../src/audit/integrity/anchor-kms.js'
import { appendLeaves } from '../../../src/audit/integrity/append-leaves.js'
import { checkLog } from '../../../src/audit/integrity/check/check-log.js'
import { signCheckpoint } from '../../../src/audit/integrity/sign-checkpoint.js'
import { insertApplicationEvents, insertOneOfEach } from './records.js'
import { freshLog, type SignedLog } from './signed-log.js'

const suffix = randomBytes(6).toString('hex')
const nameOf = (role: AuditRole) => `log_${role}_${suffix}`

let log: SignedLog
beforeAll(async () => {
  log = await freshLog()
  await insertOneOfEach(log.client)
  for (const role of ['mirror', 'auditor'] as const) {
    await log.client.query(`CREATE ROLE ${nameOf(role)}`)
    for (const statement of auditGrants(role, nameOf(role))) await log.client.query(statement)
  }
})
afterAll(async () => {
  for (const role of ['mirror', 'auditor'] as const) {
    await log.client.query(`DROP OWNED BY ${nameOf(role)}; DROP ROLE ${nameOf(role)}`)
  }
  await log.drop()
})

async function as<T>(role: AuditRole, run: () => Promise<T>): Promise<T> {
  await log.client.query(`SET ROLE ${nameOf(role)}`)
  try {
    return await run()
  } finally {
    await log.client.query('RESET ROLE')
  }
}

test('the role of the mirror appends and signs', async () => {
  await as('mirror', async () => {
    expect(await appendLeaves(log.client)).toEqual({ leaves: 14, size: 14 })
    expect(await signCheckpoint(log.client, log.signer)).toMatchObject({ size: 14 })
  })
  await insertApplicationEvents(log.client, 1)
  await as('mirror', async () => {
    expect(await appendLeaves(log.client)).toEqual({ leaves: 1, size: 15 })
    expect(await signCheckpoint(log.client, log.signer)).toMatchObject({ size: 15 })
  })
})

test('the role of the auditor checks everything', async () => {
  await as('auditor', async () => {
    const witnesses = await readTrailWitnesses(log.client, log.signer.key.name)
    expect(await checkLog(log.client, { keys: [log.signer.key], witnesses })).toMatchObject({ size: 15, findings: [] })
    await expect(appendLeaves(log.client)).rejects.toMatchObject({ code: '42501' })
  })
})
