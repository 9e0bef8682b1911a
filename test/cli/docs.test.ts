import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { EXIT } from '../../src/cli/exit-codes.js'
import { builtPackage, type Project, project } from '../setup/cli.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

const page = readFileSync('docs/cli.md', 'utf8')

interface Example {
  command: string
  /** Both streams as the terminal shows them, `…` for what differs each time, and `[n]` for an exit code other than 0. */
  shown: string
}

/** The lines after `$` of every console block, in the order of the page: later ones use the files of earlier ones. */
const examples: Example[] = [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block]) =>
  block!
    .split(/^\$ /m)
    .filter((part) => part !== '')
    .map((part) => {
      const [command = '', ...shown] = part.split('\n')
      return { command, shown: shown.join('\n') }
    }),
)

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

test('there are examples', () => expect(examples.length).toBeGreaterThan(14))

describe('what docs/cli.md shows is what happens:', () => {
  for (const { command, shown } of examples) {
    test(command.slice(0, 70), () => {
      const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
      const script = `npx() { shift; '${process.execPath}' '${main}' "$@"; }\n{ ${command}\n} 2>&1`
      const env = {
        PATH: process.env.PATH,
        PASSWORD: 'correct bicycle paperclip',
        PASSPHRASE: 'seven lamps under a copper bridge',
      }
      const { status, stdout } = spawnSync('bash', ['-c', script], { cwd: made.folder, env, encoding: 'utf8' })
      const output = `${stdout}${stdout === '' || stdout.endsWith('\n') ? '' : '\n'}${status === 0 ? '' : `[${status}]\n`}`
      expect(output).toMatch(patternOf(shown))
    })
  }
})

/** A line that is `…` stands for any lines, within a line it stands for anything but a space. */
function patternOf(shown: string): RegExp {
  const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const lines = shown.trimEnd().split('\n')
  const patterns = lines.map((line) => {
    if (line === '…') return '[\\s\\S]*?'
    return line.trimStart().startsWith('→ …') || line.endsWith(', …') || line.endsWith(' …')
      ? `${literally(line.slice(0, -1))}[^\\n]*\\n`
      : `${line.split('…').map(literally).join('[^ ]+?')}\\n`
  })
  return new RegExp(`^${shown === '' ? '' : patterns.join('')}$`)
}

test('every exit code is in the table', () => {
  const listed = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  expect(listed).toEqual(Object.values(EXIT))
})
