import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher, metadataToJson } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import type { Project } from '../setup/cli.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { examplesOf, testExamples } from './page-examples.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

const TENANT = '4b0e7f5e-8c0f-4d56-9c2a-2f6a1f0f8a11'
const provider = { name: 'local', keysFile: './keys', currentKey: 1 }

/** Three rows, two of them of one tenant, under key 1 of a file. */
async function incident(): Promise<ProtectedProject> {
  const made = await protectedProject({}, { provider, recipients: [] }, databaseWithSchema())
  await made.run(['keygen', '--file', 'keys'])
  const keys = readFileSync(join(made.project.folder, 'keys'), 'utf8')
  const cipher = new EnvelopeCipher({ provider: new LocalProvider({ keys, currentKey: 1 }) })
  for (const tenant of [TENANT, TENANT, randomUUID()]) {
    const id = randomUUID()
    const envelope = await cipher.mint(bindingOf(made.credentials.table, { id, tenant_id: tenant }))
    const password = made.credentials.encrypt(envelope, 'password', 'of a tenant')
    await made.credentials.insertStored(id, tenant, [password], metadataToJson(envelope.metadata))
  }
  return made
}

for (const page of ['docs/incident-response.md', 'docs/shredding.md']) {
  describe(`what ${page} shows is what happens:`, () => {
    let made: ProtectedProject
    beforeAll(async () => {
      made = await incident()
    })
    afterAll(() => made.remove())

    test('there are examples', () => expect(examplesOf(page).length).toBeGreaterThan(1))
    testExamples(page, (): Project => made.project)
  })
}
