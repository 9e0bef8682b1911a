import { randomUUID } from 'node:crypto'
import { generateLocalKey } from '../../../providers/local/index.js'
import { EnvelopeCipher } from '../../../src/index.js'
import { type FleetMember, joinFleet } from '../../../src/lifecycle/index.js'
import { FaultyProvider } from '../../../src/testing/index.js'
import { type Project, project, type Run, waxseal } from '../../setup/cli.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { hexGcm, legacyKey } from '../../unit/adoption/legacy-values.js'

const { key, hex } = legacyKey()

/** As the application of before encrypted a value. */
export const inHex = (plaintext: string) => hexGcm(key, plaintext)

export interface Adopting {
  readonly database: FreshDatabase
  readonly project: Project
  query(text: string, values?: unknown[]): Promise<Record<string, any>[]>
  insert(password: string): Promise<string>
  /** `waxseal adopt <args>`. */
  adopt(...args: string[]): Promise<Run>
  /** A process of the application, in this mode. */
  join(mode: string): Promise<FleetMember>
  /** Takes "adopt" out of the declaration, as the application does at last. */
  undeclare(): void
  remove(): Promise<void>
}

/** A project that is about to adopt the column `password` of a table, whose rows are plaintext or hex. */
export async function adopting(placement: 'side' | 'inPlace' = 'side'): Promise<Adopting> {
  const database = await databaseWithSchema()
  const made = project({})
  const query = async (text: string, values?: unknown[]) => (await database.client.query(text, values)).rows
  await query('CREATE TABLE account (id uuid PRIMARY KEY, password text NOT NULL)')
  const until = '2100-01-01'
  const readers = [
    { name: 'hex-gcm', key: { variable: 'LEGACY_KEY' }, until },
    { name: 'plaintext', until },
  ]
  const adopt = placement === 'side' ? { source: 'password', readers } : { placement, readers }
  const column = placement === 'side' ? 'password_encrypted' : 'password'
  const provider = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 }
  const configure = (declared: object) => {
    const fields = [{ column, id: 'account.password', ...declared }]
    const tables = [{ entity: 'account', table: 'account', primaryKey: { id: 'uuid' }, fields }]
    made.write('waxseal.config.json', JSON.stringify({ provider, database: database.url, tables }))
  }
  configure({ adopt })
  const members: FleetMember[] = []
  return {
    ...{ database, project: made, query },
    async insert(password) {
      const id = randomUUID()
      await query('INSERT INTO account (id, password) VALUES ($1, $2)', [id, password])
      return id
    },
    adopt: (...args) => waxseal(['adopt', ...args], { cwd: made.folder, env: { LEGACY_KEY: hex } }),
    async join(mode) {
      const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
      const member = await joinFleet({ cipher, connection: database.url, modes: { account: mode }, required: true })
      members.push(member)
      return member
    },
    undeclare: () => configure({}),
    async remove() {
      for (const member of members) await member.leave()
      made.remove()
      await database.drop()
    },
  }
}
