import { statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateNoteKey } from '../../../src/audit/integrity/note-key.js'
import { installSchema } from '../../../src/lifecycle/index.js'
import { waxseal } from '../../setup/cli.js'
import { type ProtectedProject, protectedProject } from '../protected-project.js'

const origin = 'audit.example/log'
const key = generateNoteKey(origin)

let made: ProtectedProject
let file: string
beforeAll(async () => {
  made = await protectedProject({}, { audit: { checkpoints: { origin, keyFile: 'checkpoints.key' } } })
  writeFileSync(join(made.project.folder, 'checkpoints.key'), `${key.signingKey}\n`, { mode: 0o600 })
  await installSchema(made.client)
  file = join(made.project.folder, 'q3.zip')
})
afterAll(() => made.remove())

const pack = () =>
  made.run(['evidence', 'pack', '--period', '2026-Q3', '--output', file, '--who', 'a reviewer', '--json'])

test('a pack is verified without a database and a configuration', async () => {
  const packed = await pack()
  expect(packed).toMatchObject({ status: 0 })
  expect(JSON.parse(packed.stdout)).toMatchObject({ output: file, verifierKey: key.verifier.text })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const verify = ['evidence', 'verify', file, '--key', key.verifier.text, '--json']
  const { status, stdout } = await waxseal(verify, { cwd: tmpdir() })
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ ok: true, problems: [] },
    manifest: { askedBy: 'a reviewer', period: { from: '2026-07-01T00:00:00.000Z', to: '2026-10-01T00:00:00.000Z' } },
  })
  const { rows } = await made.client.query(`SELECT action FROM waxseal.application_event WHERE category = 'audit'`)
  expect(rows).toEqual([{ action: 'evidence' }])
  expect(await pack()).toMatchObject({ status: 2, stderr: `waxseal: --output: ${file} exists; name a new file\n` })
})

test('of another key it is not verified', async () => {
  const { verifier } = generateNoteKey(origin)
  const { status, stdout } = await waxseal(['evidence', 'verify', file, '--key', verifier.text])
  expect(status).toBe(1)
  expect(stdout).toContain('not a signature of manifest.json')
})
