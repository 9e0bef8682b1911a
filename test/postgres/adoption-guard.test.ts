import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { metadataToJson } from '../../src/index.js'
import { checkGuard, type GuardStage, guardSql } from '../../src/postgres/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { Credentials, shreddedShape } from './credentials.js'

/** One row: which envelope it has, and whose ciphertext or which plaintext stands in its columns. */
interface State {
  readonly metadata: string
  readonly password: string | null
  readonly oauth: string | null
  readonly source: string | null
}

const METADATA = ['none', 'A', 'B', 'A shredded']
const CIPHERTEXTS = [null, 'A 1', 'A 2', 'B 1']
const PLAINTEXTS = [null, 'plain 1', 'plain 2']
const IN_PLACE: readonly State[] = METADATA.flatMap((metadata) =>
  // One of them starts as a ciphertext of A does.
  [...CIPHERTEXTS, 'plain 1', 'plain 2', 'plain as A'].map((password) => ({
    metadata,
    password,
    oauth: null,
    source: null,
  })),
)
const SIDE: readonly State[] = METADATA.flatMap((metadata) =>
  CIPHERTEXTS.flatMap((oauth) => PLAINTEXTS.map((source) => ({ metadata, password: null, oauth, source }))),
)

const isPlain = (value: string | null) => value?.startsWith('plain') === true
const owner = (metadata: string) => metadata.charAt(0)
const isOf = (value: string | null, metadata: string) => value === null || value.charAt(0) === owner(metadata)

/** What an insert may store, whatever came before. */
function mayStand({ metadata, password, oauth, source }: State, stage: GuardStage): boolean {
  if (metadata === 'none') {
    if (oauth !== null) return false
    // A ciphertext without an envelope would be taken for plaintext.
    return stage === 'adoption' ? password === null || isPlain(password) : password === null && source === null
  }
  return isOf(password, metadata) && isOf(oauth, metadata)
}

/** What may become of a row, in the words of the documentation. */
function mayFollow(old: State, now: State, stage: GuardStage): boolean {
  const sourceMoved = old.source !== now.source
  const isWrapped = now.metadata === 'A' || now.metadata === 'B'
  // A shredded envelope stays one.
  if (old.metadata === 'A shredded' && now.metadata === 'A') return false
  // Rows without an envelope that held something before may stay as they are.
  const isSame = old.metadata === now.metadata && !sourceMoved
  const kept = {
    ...now,
    ...(stage === 'enforce' ? { source: null } : now.password === old.password && { password: null }),
  }
  const shape = now.metadata === 'none' && isSame ? kept : now
  if (!mayStand(shape, stage)) return false
  if (now.metadata === 'A shredded') {
    const isSetAnew = (a: string | null, b: string | null) => b !== null && a !== b
    if (isSetAnew(old.password, now.password) || isSetAnew(old.oauth, now.oauth)) return false
    if (isSetAnew(old.source, now.source)) return false
  }
  // A ciphertext without an envelope would be taken for plaintext.
  if (now.metadata === 'none' && old.metadata !== 'none' && now.password !== null && now.password === old.password) {
    return false
  }
  const mayStayAlone = stage === 'enforce' && now.source === null
  return !(isWrapped && sourceMoved && now.oauth === old.oauth && !mayStayAlone)
}

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

/** A table with a row in every state, without the index that lets an envelope stand in one row only. */
async function guardedStates(states: readonly State[], stage: GuardStage): Promise<Credentials> {
  const schema = `guard_${randomUUID()}`
  const credentials = await Credentials.create(database.client, { schema, adopted: true, guarded: false })
  const envelopes = { A: await credentials.mint(randomUUID()), B: await credentials.mint(randomUUID()) }
  const json = {
    A: metadataToJson(envelopes.A.metadata) as { commitment: string },
    B: metadataToJson(envelopes.B.metadata),
  }
  const metadata: Record<string, unknown> = { none: {}, ...json, 'A shredded': shreddedShape(json.A as never) }
  const stored = (field: 'password' | 'oauth', value: string | null) => {
    const kept = known.get(`${field} ${value}`)
    if (value === 'plain as A') return `ws1:${json.A.commitment}:${value}`
    if (value === null || isPlain(value) || kept !== undefined) return kept ?? value
    const made = credentials.encrypt(envelopes[value.charAt(0) as 'A' | 'B'], field, value)
    known.set(`${field} ${value}`, made)
    return made
  }
  const known = new Map<string, unknown>()
  await credentials.query('ALTER TABLE {table} ADD number int UNIQUE')
  for (const [number, state] of states.entries()) {
    await credentials.query(
      `INSERT INTO {table} (id, tenant_id, number, password, oauth, oauth_source, encryption_metadata)
       VALUES (gen_random_uuid(), 'acme', $1, $2, $3, $4, $5)`,
      [
        number,
        stored('password', state.password),
        stored('oauth', state.oauth),
        state.source,
        JSON.stringify(metadata[state.metadata]),
      ],
    )
  }
  for (const statement of guardSql(credentials.table, stage).install) {
    if (!statement.includes('INDEX')) await credentials.query(statement)
  }
  return credentials
}

/** The outcome of every statement that makes one state of another, each undone again. */
async function attempts(credentials: Credentials, statement: string): Promise<Map<string, string>> {
  await credentials.query('CREATE TEMP TABLE IF NOT EXISTS attempt (old int, now int, code text)')
  await credentials.query('TRUNCATE attempt')
  await credentials.query(`DO $$ DECLARE old record; now record; found text; BEGIN
    FOR old IN SELECT * FROM {table} LOOP FOR now IN SELECT * FROM {table} LOOP
      BEGIN
        ${statement};
        RAISE EXCEPTION USING ERRCODE = 'OK000';
      EXCEPTION WHEN OTHERS THEN found := SQLSTATE;
      END;
      INSERT INTO attempt VALUES (old.number, now.number, found);
    END LOOP; END LOOP;
  END $$`)
  const { rows } = await credentials.query('SELECT * FROM attempt')
  return new Map(rows.map(({ old, now, code }) => [`${old} ${now}`, code === 'OK000' ? 'accepted' : String(code)]))
}

const UPDATE = `UPDATE {table} SET password = now.password, oauth = now.oauth, oauth_source = now.oauth_source,
  encryption_metadata = now.encryption_metadata WHERE id = old.id`
/** Once for every state, whatever the other one is. */
const INSERT = `CONTINUE WHEN old.number > 0; INSERT INTO {table} (id, tenant_id, password, oauth, oauth_source, encryption_metadata) VALUES
  (gen_random_uuid(), 'acme', now.password, now.oauth, now.oauth_source, now.encryption_metadata)`

describe.each([
  ['in place', IN_PLACE],
  ['beside their columns', SIDE],
])('of fields that are adopted %s', (_placement, states) => {
  test.each(['adoption', 'enforce'] as const)('the guard for %s refuses what it says, and no more', async (stage) => {
    const credentials = await guardedStates(states, stage)
    const seen: string[] = []
    const compare = (statement: string, found: string | undefined, may: boolean) => {
      const refused = found !== undefined && /^WX00[1-6]$/.test(found)
      if (may ? found !== 'accepted' : !refused)
        seen.push(`${statement}: ${found}, expected ${may ? 'accepted' : 'WX'}`)
    }
    const updates = await attempts(credentials, UPDATE)
    const inserts = await attempts(credentials, INSERT)
    states.forEach((old, i) => {
      states.forEach((now, j) => {
        // What does not change is not matched again: nobody can have stored it.
        const isKept = old.password === 'plain as A' && now.password === old.password
        if (isKept && (old.metadata !== 'none' || stage === 'enforce')) return
        compare(`${text(old)} to ${text(now)}`, updates.get(`${i} ${j}`), mayFollow(old, now, stage))
      })
      compare(`insert ${text(old)}`, inserts.get(`0 ${i}`), mayStand(old, stage))
    })
    expect(seen).toEqual([])
  })
})

const text = (state: State) => JSON.stringify(state)

describe('the guard of a table that was adopted', () => {
  const codes = async (credentials: Credentials, table = credentials.table, stage?: GuardStage) =>
    (await checkGuard(database.client, table, stage)).findings.map(({ code }) => code)
  const create = async (stage: GuardStage) => {
    const schema = `guard_${randomUUID()}`
    const credentials = await Credentials.create(database.client, { schema, adopted: true, guarded: false })
    for (const statement of guardSql(credentials.table, stage).install) await credentials.query(statement)
    const fields = credentials.table.fields.map(({ adoption: _, ...field }) => field)
    return { credentials, afterwards: { ...credentials.table, fields } }
  }

  test('is that of the adoption for a process of the adoption, and a finding for any other', async () => {
    const { credentials, afterwards } = await create('adoption')
    expect(await codes(credentials, credentials.table, 'adoption')).toEqual([])
    expect(await codes(credentials)).toEqual(['GUARD_OF_ADOPTION'])
    expect(await codes(credentials, afterwards)).toEqual(['GUARD_OF_ADOPTION'])
  })

  test('is the same with its declaration and without, once it is enforced', async () => {
    const { credentials, afterwards } = await create('enforce')
    expect(await codes(credentials, credentials.table, 'adoption')).toEqual([])
    expect(await codes(credentials)).toEqual([])
    expect(await codes(credentials, afterwards)).toEqual([])
  })

  test('lets go of the old column when it is installed without the declaration', async () => {
    const { credentials, afterwards } = await create('enforce')
    for (const statement of guardSql(afterwards).install) await credentials.query(statement)
    await credentials.query('ALTER TABLE {table} DROP oauth_source')
    expect(await codes(credentials, afterwards)).toEqual([])
    expect(await codes(credentials)).toEqual(['GUARD_MISSING'])
  })

  test('is replaced by the full one, and by that of the adoption again', async () => {
    const { credentials } = await create('adoption')
    for (const stage of ['enforce', 'adoption', 'enforce'] as const) {
      for (const statement of guardSql(credentials.table, stage).install) await credentials.query(statement)
      expect(await codes(credentials)).toEqual(stage === 'enforce' ? [] : ['GUARD_OF_ADOPTION'])
    }
    for (const statement of guardSql(credentials.table).remove) await credentials.query(statement)
    const { rows } = await credentials.query("SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass")
    expect(rows).toEqual([])
  })
})
