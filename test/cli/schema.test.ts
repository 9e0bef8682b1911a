import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { missingMigrations } from '../../src/lifecycle/index.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject()
})
afterAll(() => made.remove())

const isThere = async () => (await made.client.query(`SELECT to_regnamespace('waxseal') IS NOT NULL AS it`)).rows[0].it

test('--dry-run prints the statements of schema sql, and runs nothing', async () => {
  const { stdout } = await made.run(['schema', 'sql'])
  expect(stdout).toMatch(/^BEGIN;\n[\s\S]*CREATE SCHEMA IF NOT EXISTS waxseal[\s\S]*\nCOMMIT;\n$/)
  expect(await made.run(['schema', 'install', '--dry-run'])).toMatchObject({ status: 0, stdout, stderr: '' })
  expect(await isThere()).toBe(false)
})

test('--dry-run with --distributed is refused: those statements are not ours', async () => {
  expect(await made.run(['schema', 'install', '--dry-run', '--distributed'])).toMatchObject({ status: 2, stdout: '' })
  expect(await isThere()).toBe(false)
})

test('install installs, and check says so', async () => {
  const said = '✓ the schema "waxseal" is up to date\n'
  expect(await made.run(['schema', 'install'])).toMatchObject({ status: 0, stdout: said, stderr: '' })
  expect(await isThere()).toBe(true)
  expect(await missingMigrations(made.client)).toEqual([])
  expect(await made.run(['schema', 'check'])).toMatchObject({ status: 0, stdout: said })
  const { stdout } = await made.run(['schema', 'check', '--json'])
  expect(JSON.parse(stdout)).toEqual({ ok: true, missing: [] })
})
