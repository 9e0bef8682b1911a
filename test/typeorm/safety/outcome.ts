import { expect } from '@jest/globals'
import { isWaxsealError } from '../../../src/errors.js'
import { EncryptedValue } from '../../../src/typeorm/index.js'
import { dumpDatabase, findTraces, serverLogSize } from '../../setup/database.js'
import { findTracesIn } from '../../setup/traces.js'
import { printed } from '../refusal.js'
import { newCanary } from '../suite.js'
import { NotInThisVersion, type Run, type Section } from './cases.js'
import type { Site } from './ground.js'

export const NOT_IN_THIS_VERSION = 'not in this version'

interface Attempt {
  readonly secret: string
  readonly result?: unknown
  readonly error?: unknown
  /** Where the value is now, as in `public.token.value (plain)`. */
  readonly traces: readonly string[]
  /** Whether the tables hold what they held before. */
  readonly isUnchanged: boolean
}

async function attempt(site: Site, { setup = 'usual', reads }: Section, run: Run): Promise<Attempt> {
  const secret = newCanary()
  const { client } = site.database
  const ground = await site.ground(setup, reads ? secret : 'before')
  const before = await dumpDatabase(client)
  const from = serverLogSize()
  const ended = await Promise.resolve()
    .then(() => run(ground, secret))
    .then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    )
  const places = [
    { where: "TypeORM's log", text: site.log.text },
    { where: 'the cache', text: site.cache.text },
    { where: 'the error', text: 'error' in ended ? printed(ended.error) : '' },
  ]
  const traces = [...(await findTraces(client, secret, from)), ...findTracesIn(places, secret)]
  return { secret, ...ended, traces, isUnchanged: (await dumpDatabase(client)) === before }
}

/**
 * What became of a value that an operation had to do with, on encrypted entities. Throws where any of it is somewhere in
 * the open, or where a row cannot be read afterwards: no such outcome can be committed.
 */
export async function outcomeOf(site: Site, section: Section, run: Run): Promise<string> {
  const made = await attempt(site, section, run)
  if (made.error instanceof NotInThisVersion) return NOT_IN_THIS_VERSION
  const rule = /WX\d{3}/.exec(printed(made.error))?.[0]
  const allowed = allowedTraces(rule !== undefined, section)
  const leaks = made.traces.filter((trace) => !allowed.test(trace))
  expect({ leaks, error: leaks.length > 0 && made.error }).toEqual({ leaks: [], error: false })
  if (made.error === undefined) {
    const everything = await site.everything()
    if (section.reads)
      return [made.result]
        .flat()
        .map((value) => readOf(value, made.secret))
        .join(', ')
    return everything.includes(made.secret) ? 'encrypted' : 'done'
  }
  expect({ error: made.error, isUnchanged: made.isUnchanged }).toEqual({ error: made.error, isUnchanged: true })
  await site.everything()
  if (rule) return `stopped ${rule}`
  const { name, code, driverError } = made.error as Error & { code?: string; driverError?: unknown }
  const ours = [made.error, driverError].find(isWaxsealError)
  return ours ? `refused ${ours.code}` : `fails ${[name, code].filter(Boolean).join(' ')}`
}

/** What the database itself refuses has been on the wire, and where nothing of ours is at work, TypeORM's own error has it. */
function allowedTraces(isStopped: boolean, { setup = 'usual' }: Section): RegExp {
  if (!isStopped) return /^$/
  return setup.startsWith('with') ? /^(?:server log|TypeORM's log|the error) / : /^(?:server log|TypeORM's log) /
}

/** What becomes of the value on the twin in the open: the proof that the search would have found it. */
export async function controlOf(site: Site, section: Section, run: Run): Promise<string> {
  const { error, result, traces, secret } = await attempt(site, section, run)
  if (error instanceof NotInThisVersion) return NOT_IN_THIS_VERSION
  if (section.reads && contains(result, secret)) return 'read in the open'
  if (traces.some((trace) => trace.startsWith('public.'))) return 'stored in the open'
  if (traces.some((trace) => /^(?:server log|the cache) /.test(trace))) return 'sent in the open'
  return 'nothing'
}

function readOf(value: unknown, secret: string): string {
  if (value instanceof EncryptedValue) return 'EncryptedValue'
  if (isCiphertext(value)) return 'ciphertext'
  return contains(value, secret) ? 'decrypted' : 'nothing of it'
}

function isCiphertext(value: unknown): boolean {
  return Buffer.isBuffer(value) ? value[0] === 1 : typeof value === 'string' && value.startsWith('ws1:')
}

function contains(value: unknown, secret: string): boolean {
  if (value instanceof Uint8Array) return Buffer.from(value).toString().includes(secret)
  return value !== undefined && JSON.stringify(value).includes(secret)
}
