import { describe, expect, test } from '@jest/globals'
import { cipherProblems, environmentProblems } from './ambient.js'
import { sources } from './files.js'

test('ciphers are made in one file of the core', () => {
  expect(sources().flatMap(cipherProblems)).toEqual([])
})

test('only the configuration reads the environment', () => {
  expect(sources().flatMap(environmentProblems)).toEqual([])
})

describe('the rule refuses', () => {
  const ciphers = [
    `import { createCipheriv } from 'node:crypto'`,
    `import * as crypto from 'node:crypto'\ncrypto.createDecipheriv('aes-256-gcm', key, iv)`,
    `globalThis.crypto.subtle.encrypt(a, b, c)`,
  ]
  for (const text of ciphers) {
    const problem = [expect.stringContaining('src/postgres/x.ts uses')]
    test(text, () => expect(cipherProblems({ path: 'src/postgres/x.ts', text })).toEqual(problem))
  }
  const reads = [
    `const url = process.env.DATABASE_URL`,
    `const url = process['env']['DATABASE_URL']`,
    `const { env } = process`,
    `const { env: environment } = process`,
    `import { env } from 'node:process'`,
    `import { env as environment } from 'node:process'`,
  ]
  for (const text of reads) {
    const problem = [expect.stringContaining('providers/local/x.ts reads the environment')]
    test(text, () => expect(environmentProblems({ path: 'providers/local/x.ts', text })).toEqual(problem))
  }
})

test('other uses of a process or of node:crypto are nobody else’s affair', () => {
  const text = `import { randomBytes } from 'node:crypto'\nprocess.once('exit', () => {})\nconst { env } = settings\nconst { stdout } = process`
  expect([
    ...cipherProblems({ path: 'src/kms/x.ts', text }),
    ...environmentProblems({ path: 'src/kms/x.ts', text }),
  ]).toEqual([])
})
