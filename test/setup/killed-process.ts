import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from '@jest/globals'
import type pg from 'pg'
import { node } from './cli.js'

export interface KilledProcess {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** By which the server knows its connections. */
  readonly applicationName: string
  /** Runs after it has stopped and before it is killed. */
  whileStopped?(): Promise<void>
}

/** Runs Node until it has said that it stopped, kills it, and waits until the server has noticed. */
export async function killWhereItStops(
  client: pg.Client,
  { args, env, applicationName, whileStopped }: KilledProcess,
): Promise<void> {
  const child = spawn(node, args, { env: { PATH: process.env.PATH, PGAPPNAME: applicationName, ...env } })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const ended = once(child, 'exit')
  const stopped = await Promise.race([once(child.stdout, 'data').then(String), ended.then(() => `it ended: ${errors}`)])
  expect(stopped).toBe('stopped\n')
  await whileStopped?.()
  child.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
  const sessions = () => client.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [applicationName])
  while ((await sessions()).rows.length > 0);
}
