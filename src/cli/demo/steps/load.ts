import { randomBytes } from 'node:crypto'
import { EncryptedValue } from '../../../typeorm/index.js'
import { DatabaseContents } from '../contents.js'
import type { Credential, OAuthTokens } from '../credential.js'
import type { DemoRun } from '../demo-run.js'
import type { KmsCalls } from '../measurement.js'
import { type ReadBack, readBack } from '../read-back.js'
import type { Store } from '../store.js'
import { count, counted, duration } from '../text.js'
import type { Claim } from '../verdict.js'

export interface LoadFacts {
  readonly credentials: number
  readonly kinds: Readonly<Record<string, number>>
  readonly source: 'generated' | 'file'
  readonly readBack: ReadBack
  /** How many of the secrets were looked for in the whole database, and how many were found. */
  readonly searched: number
  readonly found: number
  readonly tables: number
  readonly kmsCalls: KmsCalls
  readonly insertMs: number
  readonly twinInsertMs: number
  readonly claims: readonly Claim[]
}

const CHUNK = 100
const SAMPLE = 50
/** A shorter one would turn up by chance. */
const LEAST_SEARCHABLE = 12

/** Stores every credential, reads all of them back, and looks for secrets in every column of every table. */
export async function load(run: DemoRun, store: Store): Promise<LoadFacts> {
  const { screen, set, database, keys, expected } = run
  const { credentials } = set
  screen.heading(
    `Load ${counted(credentials.length, 'credential')}${set.file ? ` from ${set.file}` : ', made up for this run'}`,
  )
  const kinds: Record<string, number> = {}
  for (const { kind } of credentials) kinds[kind] = (kinds[kind] ?? 0) + 1
  if (!set.file) screen.list(Object.entries(kinds).map(([kind, number]) => `${number} × ${kind}`))

  keys.ledger.clear()
  const insertMs = await insert(run, store)
  const kmsCalls = { ...keys.ledger.counts() }
  const twinInsertMs = await insertTwins(store, credentials)
  const back = await readBack(store, expected)
  screen.line(`stored in ${duration(insertMs)}, one data key for each row; ${count(back.equal)} read back equal`)

  const contents = await DatabaseContents.read(database)
  const sample = sampleOf(credentials)
  const found = sample.filter(({ secret }) => contents.find(secret).length > 0).length
  const where = `${contents.columns.length} columns of ${contents.tableCount} tables`
  screen.line(`${sample.length} of the secrets searched for in ${where}, as text, hex and base64: ${found} found`)
  return {
    credentials: credentials.length,
    kinds: set.file ? {} : kinds,
    source: set.file ? 'file' : 'generated',
    readBack: back,
    searched: sample.length,
    found,
    tables: contents.tableCount,
    kmsCalls,
    insertMs,
    twinInsertMs,
    claims: [
      {
        claim: 'every credential reads back equal after the load',
        held: back.different === 0 && back.equal === expected.size,
      },
      { claim: 'no secret lies in the database', held: found === 0 },
    ],
  }
}

async function insert({ set, expected }: DemoRun, { credentials }: Store): Promise<number> {
  const entities = set.credentials.map(({ oauth, ...credential }) => {
    return credentials.create({ ...credential, oauth: oauth && EncryptedValue.of(oauth) })
  })
  const started = performance.now()
  await credentials.save(entities, { chunk: CHUNK })
  const elapsed = performance.now() - started
  for (const [index, { id }] of entities.entries()) expected.set(id, set.credentials[index]!)
  return elapsed
}

/** Values of the same lengths, and none of the credentials: they may be somebody's. */
async function insertTwins({ twins }: Store, credentials: readonly Credential[]): Promise<number> {
  const entities = credentials.map(({ tenantId, shop, kind, secret, webhookSecret, oauth }) => {
    const values = {
      secret: noise(secret),
      webhookSecret: webhookSecret && noise(webhookSecret),
      oauth: oauth && noiseLike(oauth),
    }
    return twins.create({ tenantId, shop, kind, ...values })
  })
  const started = performance.now()
  await twins.save(entities, { chunk: CHUNK })
  return performance.now() - started
}

function noise(like: string): string {
  const length = Buffer.byteLength(like)
  return randomBytes(length).toString('base64').slice(0, length)
}

function noiseLike(tokens: OAuthTokens): OAuthTokens {
  return { noise: noise(JSON.stringify(tokens)) }
}

/** Spread over the whole set, so that every kind is in it. */
function sampleOf(credentials: readonly Credential[]): readonly Credential[] {
  const searchable = credentials.filter(({ secret }) => Buffer.byteLength(secret) >= LEAST_SEARCHABLE)
  const step = Math.max(1, searchable.length / SAMPLE)
  return Array.from(
    { length: Math.min(SAMPLE, searchable.length) },
    (_, index) => searchable[Math.floor(index * step)]!,
  )
}
