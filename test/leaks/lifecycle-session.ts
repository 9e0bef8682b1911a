import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher, metadataFromJson, metadataToJson } from '../../src/index.js'
import { type FleetMember, joinFleet } from '../../src/lifecycle/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { declarationOf, type ProtectedProject, protectedProject } from '../cli/protected-project.js'
import { builtPackage, type RunOptions } from '../setup/cli.js'
import { readColumns, serverLog, serverLogSize } from '../setup/database.js'
import type { Place } from '../setup/traces.js'
import { hexGcm, legacyKey } from '../unit/adoption/legacy-values.js'
import { Canaries } from './canaries.js'
import { observe } from './command.js'
import { ObservedProvider } from './session/observed-provider.js'

const UNTIL = '2100-01-01'
const SOURCE = 'public.account.password'
/** Its statements store plaintext, and the server of the tests logs parameters. */
const LOG_OF_ROLLBACK = 'server log of a rollback'

/**
 * A table of credentials under an old key, and one that is about to be adopted, for the commands that work on whole tables.
 * Plaintexts, data keys, KEKs and the keys of what encrypted the second table before are all canaries.
 */
export class LifecycleSession {
  readonly #canaries: Canaries
  readonly #noted: string
  readonly #legacy = legacyKey()
  readonly #keys: readonly string[]
  readonly #notifications: Place[] = []
  readonly #observed: Place[] = []
  readonly #project: ProtectedProject
  #logged = 0
  #member: FleetMember | undefined
  /** By the name of the command: what it was to end with, and what it ended with. */
  readonly statuses = new Map<string, readonly [number, number]>()

  private constructor(noted: string, canaries: Canaries, keys: readonly string[], project: ProtectedProject) {
    this.#noted = noted
    this.#canaries = canaries
    this.#keys = keys
    this.#project = project
    canaries.bytes('the key of before the adoption', this.#legacy.key.export())
  }

  static async open(noted: string): Promise<LifecycleSession> {
    const canaries = new Canaries(noted, 'protected')
    const keys = [1, 2, 7].map((number) => {
      const key = generateLocalKey()
      canaries.bytes(`KEK ${number}`, Buffer.from(key.slice(0, 43), 'base64url'))
      return `${number}:${key}`
    })
    const provider = { name: 'local', keys: keys.slice(0, 2).join(','), currentKey: 2 }
    const project = await protectedProject({}, { provider })
    canaries.bytes('the password of the database', Buffer.from(new URL(project.database.url).password))
    const session = new LifecycleSession(noted, canaries, keys, project)
    await session.#createAccounts()
    session.declare(true)
    project.client.on('notification', ({ payload = '' }) =>
      session.#notifications.push({ where: 'notification', text: payload }),
    )
    await project.client.query('LISTEN waxseal_forget')
    session.#logged = serverLogSize()
    return session
  }

  get client() {
    return this.#project.client
  }

  /** Rows as they were before, each of another kind, and a trigger that prints one of them when it is refused. */
  async #createAccounts(): Promise<void> {
    const text = (name: string, declared: readonly string[] = []) =>
      this.#canaries.text(name, [SOURCE, LOG_OF_ROLLBACK, ...declared])
    await this.client.query('CREATE TABLE account (id uuid PRIMARY KEY, name text, password text)')
    const rows = [
      ['plain', text('a plaintext to adopt')],
      ['hex', hexGcm(this.#legacy.key, this.#canaries.text('a legacy value to adopt'))],
      ['closed', hexGcm(legacyKey().key, this.#canaries.text('a legacy value that does not open'))],
      ['ours', `ws1:${text('a plaintext that looks encrypted')}`],
      ['refused', text('a plaintext that a trigger prints', ['server log'])],
    ]
    for (const row of rows) {
      await this.client.query('INSERT INTO account VALUES ($1, $2, $3)', [randomUUID(), ...row])
    }
    await this.client.query(
      `CREATE FUNCTION prints() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'refused: %', new USING ERRCODE = 'check_violation', DETAIL = new::text, HINT = new::text; END $$;
      CREATE TRIGGER prints BEFORE UPDATE ON account FOR EACH ROW WHEN (new.name = 'refused') EXECUTE FUNCTION prints()`,
    )
  }

  declare(adopted: boolean): void {
    const readers = [
      { name: 'hex-gcm', key: { variable: 'LEGACY_KEY' }, until: UNTIL },
      { name: 'plaintext', until: UNTIL },
    ]
    const field = { column: 'password_encrypted', id: 'account.password' }
    const account = {
      ...{ entity: 'account', table: 'account', primaryKey: { id: 'uuid' } },
      fields: [adopted ? { ...field, adopt: { source: 'password', readers } } : field],
    }
    this.#project.configure({ tables: [declarationOf(this.#project.credentials.table), account] })
  }

  /** Stores a row under a key of this number. */
  async insert(number: 1 | 2 | 7, tenant_id = 'acme'): Promise<string> {
    const { credentials } = this.#project
    const id = randomUUID()
    const envelope = await this.#cipher(number).mint(bindingOf(credentials.table, { id, tenant_id }))
    const password = credentials.encrypt(envelope, 'password', this.#canaries.text(`a password under key ${number}`))
    const token = this.#canaries.text(`a token under key ${number}`)
    const oauth = credentials.encrypt(envelope, 'oauth', { token })
    await credentials.insertStored(id, tenant_id, [password, oauth], metadataToJson(envelope.metadata))
    return id
  }

  #cipher(currentKey: number): EnvelopeCipher {
    const local = new LocalProvider({ keys: this.#keys.join(','), currentKey })
    return new EnvelopeCipher({ provider: new ObservedProvider(local, this.#canaries), cache: false })
  }

  /** Opens all rows that have wraps, which notes their data keys: those that commands made are known by nobody else. */
  async noteDataKeys(entity: 'credential' | 'account'): Promise<void> {
    const { table } = this.#project.credentials
    const of = entity === 'credential' ? table : { ...table, entity, context: [] }
    const { rows } = await this.client.query(`SELECT * FROM ${entity} WHERE encryption_metadata ? 'wraps'`)
    for (const row of rows) {
      await this.#cipher(2).open(metadataFromJson(row.encryption_metadata), bindingOf(of, row))
    }
  }

  /** A process of the application, in the place of the last one. */
  async join(mode: string): Promise<void> {
    await this.leave()
    const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
    const connection = this.#project.database.url
    this.#member = await joinFleet({ cipher, connection, modes: { account: mode }, required: true })
  }

  async leave(): Promise<void> {
    await this.#member?.leave()
    this.#member = undefined
  }

  async run(status: number, args: readonly string[], options: RunOptions = {}): Promise<void> {
    const program = join(builtPackage(), 'dist/esm/src/cli/main.js')
    const env = { WAXSEAL_DEBUG: '1', LEGACY_KEY: this.#legacy.hex, ...options.env }
    const cwd = this.#project.project.folder
    const { run, places } = await observe([program, ...args], { cwd, ...options, env })
    this.#observed.push(...places)
    this.#cutLog(args.includes('rollback') ? LOG_OF_ROLLBACK : 'server log')
    this.statuses.set(`${this.statuses.size} ${args.join(' ')}`, [status, run.status])
  }

  /** What the server logged since the last time. */
  #cutLog(where: string): void {
    const text = serverLog(this.#logged)
    this.#logged += Buffer.byteLength(text)
    this.#observed.push({ where, text })
  }

  /** A key of before the adoption that is none. */
  wrongLegacyKey(): string {
    return this.#canaries.text('a wrong key of before the adoption')
  }

  /** Another configuration, as the path of its file. */
  configuration(changes: Readonly<Record<string, unknown>>): string {
    const tables = [declarationOf(this.#project.credentials.table)]
    const name = `${randomUUID()}.json`
    const written = { provider: { name: 'local', keys: this.#keys.join(','), currentKey: 2 }, tables, ...changes }
    this.#project.project.write(name, JSON.stringify(written))
    return name
  }

  /** One whose password is wrong, at the same server. */
  wrongPassword(): string {
    const url = new URL(this.#project.database.url)
    url.password = this.#canaries.text('a wrong password of the database')
    return this.configuration({ database: url.href })
  }

  /** The positive control: what a twin without protection leaves in each place, and what a failure would say. */
  async runTwin(): Promise<void> {
    const secret = new Canaries(this.#noted, 'in the open').text('the secret of the twin')
    const twin = fileURLToPath(new URL('twin.cjs', import.meta.url))
    const env = { DATABASE_URL: this.#project.database.url }
    this.#observed.push(...(await observe([twin], { stdin: secret, env })).places)
    await this.client.query(
      `WITH made AS (INSERT INTO waxseal.run (kind, entity, table_name, state, started_by)
          VALUES ('rotate', 'twin', 'twin', 'finished', 'twin') RETURNING id)
        INSERT INTO waxseal.run_failure SELECT id, '{1}', 'ERR_TWIN', $1 FROM made`,
      [secret],
    )
  }

  async places(): Promise<readonly Place[]> {
    const columns = await readColumns(this.client)
    return [
      ...this.#observed,
      ...this.#notifications,
      { where: 'server log', text: serverLog(this.#logged) },
      ...columns,
    ]
  }

  async remove(): Promise<void> {
    await this.leave()
    await this.#project.remove()
  }
}
