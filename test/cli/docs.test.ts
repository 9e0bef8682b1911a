import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { EXIT } from '../../src/cli/exit-codes.js'
import { type Project, project } from '../setup/cli.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { examplesOf, testExamples } from './page-examples.js'

const page = readFileSync('docs/cli.md', 'utf8')

let database: FreshDatabase
let made: Project
beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`create table credential (id uuid primary key, tenant_id uuid not null, password text, oauth text,
    encryption_metadata jsonb not null default '{}')`)
  const [, json] = /```json\n([\s\S]*?)```/.exec(page)!
  made = project({ 'waxseal.config.json': JSON.stringify({ ...JSON.parse(json!), database: database.url }) })
})
afterAll(async () => {
  made.remove()
  await database.drop()
})

test('there are examples', () => expect(examplesOf('docs/cli.md').length).toBeGreaterThan(14))

describe('what docs/cli.md shows is what happens:', () => testExamples('docs/cli.md', () => made))

test('every exit code is in the table', () => {
  const listed = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  expect(listed).toEqual(Object.values(EXIT))
})
