import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient } from '../providers/aws-under-test.js'
import { node, type Project, project } from '../setup/cli.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

const PACKAGES = ['@aws-sdk/client-kms', 'express', 'fastify', 'pg', 'reflect-metadata', 'typeorm']
const page = readFileSync('docs/operations.md', 'utf8')

let database: FreshDatabase
let made: Project
let kms: TestKmsServer
let key: string

/** The files that the page shows, by the name before each. */
function filesOfPage(): Record<string, string> {
  return Object.fromEntries(
    [...page.matchAll(/`([\w-]+\.js)`:\n\n```js\n([\s\S]*?)```/g)].map(([, name, text]) => [name, text]),
  )
}

beforeAll(async () => {
  database = await freshDatabase()
  kms = await startTestKms('aws')
  key = (await awsClient(kms).createKey({})).KeyMetadata!.Arn!
  made = project({ ...filesOfPage(), 'entities.js': 'export const entities = []', 'announce.js': ANNOUNCE }, PACKAGES)
})
afterAll(async () => {
  made?.remove()
  await kms?.close()
  await database?.drop()
})

/** Says where a server listens, which the page leaves to whoever sets `PORT`. */
const ANNOUNCE = `
import { Server } from 'node:net'
const { listen } = Server.prototype
Server.prototype.listen = function (...args) {
  return listen.apply(this.once('listening', () => process.send(this.address().port)), args)
}
process.channel.unref()
`

async function start(file: string) {
  const env = {
    PATH: process.env['PATH'],
    PORT: '0',
    DATABASE_URL: database.url,
    WAXSEAL_PROVIDER: 'aws',
    WAXSEAL_AWS_KEY: key,
    ...kms.environment,
  }
  const args = ['--no-warnings', '--import', './announce.js', file]
  const child = spawn(node, args, { cwd: made.folder, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(String(chunk)))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, said: said.join('') }))
  const listening = once(child, 'message').then(([port]) => `http://127.0.0.1:${port}`)
  return {
    child,
    ended,
    url: await Promise.race([listening, ended.then(({ said }) => Promise.reject(new Error(said)))]),
  }
}

test.each(['express.js', 'fastify.js'])(
  '%s of the page tells whether it is ready, and ends at SIGTERM',
  async (file) => {
    const { child, ended, url } = await start(file)
    try {
      kms.faults.add({ fault: 'deny' })
      const refused = await fetch(`${url}/ready`)
      expect([refused.status, await refused.json()]).toEqual([503, expect.objectContaining({ status: 'failed' })])
      kms.faults.clear()
      const answer = await fetch(`${url}/ready`)
      expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ status: 'ok' })])
      child.kill('SIGTERM')
      expect(await ended).toEqual({ code: 0, signal: null, said: '' })
    } finally {
      child.kill('SIGKILL')
    }
  },
)

test('the controller of the page is the one of the application with Nest', () => {
  const controller = readFileSync('test/consumers/nest-esm/src/readiness.controller.ts', 'utf8')
  expect(page).toContain(`\`\`\`ts\n${controller}\`\`\``)
})
