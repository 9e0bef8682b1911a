import { beforeAll, expect, test } from '@jest/globals'
import { inWords, type Sighting, sightings } from './canaries.js'
import { runSession, type Session } from './run-session.js'

/** As in `typeorm.test.ts`. */
const SEES_ARGUMENTS = 'spans of typeorm'
/** What the SDKs of the clouds have for looking at what they do. */
const SDK_LOGS = {
  AZURE_LOG_LEVEL: 'verbose',
  GOOGLE_SDK_NODE_LOGGING: '*',
  GRPC_VERBOSITY: 'DEBUG',
  GRPC_TRACE: 'all',
}
const CLOUDS = ['aws', 'azure', 'gcp', 'vault']
const CREDENTIALS = [
  'the secret access key of AWS',
  'the session token of AWS',
  'the token of Azure',
  'the token of Vault',
]

let session: Session
let seen: readonly Sighting[]
const shown = (side: string) => seen.filter(({ canary }) => canary.side === side)

beforeAll(async () => {
  session = await runSession('typeorm', 'clouds', SDK_LOGS)
  seen = sightings(session.places, session.canaries)
}, 300_000)

test('no plaintext, no data key, no token and no secret of a cloud is anywhere, whole or in part', () => {
  const leaks = shown('protected').filter(({ where }) => !where.startsWith(SEES_ARGUMENTS))
  expect(leaks.map(inWords)).toEqual([])
})

test('with each cloud there were credentials to keep, data keys, and operations that succeeded and failed', () => {
  const names = session.canaries.filter(({ side }) => side === 'protected').map(({ name }) => name)
  for (const name of CREDENTIALS) expect(names).toContain(name)
  for (const cloud of CLOUDS) expect(names.filter((name) => name.endsWith(`(${cloud})`)).length).toBeGreaterThan(15)
  expect(names.filter((name) => name === 'a data key').length).toBeGreaterThan(4 * 6)
  for (const code of ['ERR_KMS_ACCESS_DENIED', 'ERR_KMS_UNAVAILABLE', 'ERR_CONFIGURATION', 'ERR_DECRYPTION_FAILED']) {
    expect(session.run.stderr).toContain(code)
  }
  // Among them what an SDK logs.
  expect(session.run.stderr).toMatch(/azure:keyvault-keys:info Response status code: 403/)
})

test.each(CLOUDS)('the same search finds what a twin of %s without protection shows, on every surface', (cloud) => {
  const twin = `what it is given, and what it gives (${cloud})`
  const places = (of: string) => {
    const found = shown('in the open').filter(({ canary }) => canary.name === of)
    return new Set(found.map(({ where }) => where.replace(/ \([^()]*\)$/, '')))
  }
  for (const where of ['stdout', 'stderr', 'inspect', 'JSON.stringify', 'pino', 'spans of application']) {
    expect([cloud, where, places(twin).has(where)]).toEqual([cloud, where, true])
    expect([cloud, where, places(`a data key of ${cloud} in the open`).has(where)]).toEqual([cloud, where, true])
  }
  for (const name of CREDENTIALS) expect([name, places(name).has('stdout')]).toEqual([name, true])
})
