import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { checkGuard } from '../../src/postgres/index.js'
import { Credentials } from '../postgres/credentials.js'
import { project } from '../setup/cli.js'
import { freshDatabase } from '../setup/database.js'

const blocksIn = (path: string, language: string) =>
  [...readFileSync(path, 'utf8').matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, block]) => block as string,
  )

test('the entity of the README and what the page does with it have the right types', () => {
  const [entity] = blocksIn('README.md', 'ts')
  const tokens = 'export interface OAuthTokens { access: string; refresh: string }'
  const made = project(
    {
      'credential.ts': `${entity}\n${tokens}`,
      'oauth.ts': `import type { OAuthTokens } from './credential.js'
        export declare function exchange(refresh: string): Promise<OAuthTokens>`,
      'best-practices.ts': blocksIn('docs/best-practices.md', 'ts').join('\n'),
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ module: 'node16', target: 'es2022', strict: true, experimentalDecorators: true, noEmit: true },
          ...{ skipLibCheck: true, types: ['node'] },
        },
      }),
    },
    ['@types/node', 'reflect-metadata', 'typeorm', 'undici-types'],
  )
  const { stdout, status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', made.folder], {
    encoding: 'utf8',
  })
  made.remove()
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
})

test('the index on envelope ids that was made beforehand is the one that the guard needs', async () => {
  const database = await freshDatabase()
  const { table } = await Credentials.create(database.client, { guarded: false })
  const [index] = blocksIn('docs/best-practices.md', 'sql')
  await database.client.query(index!)
  const { findings } = await checkGuard(database.client, table)
  expect(findings.map(({ code }) => code)).toEqual(['GUARD_SET_INDEX_MISSING', 'GUARD_MISSING'])
  await database.drop()
})
