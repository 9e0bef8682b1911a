import { randomUUID } from 'node:crypto'
import { isWaxsealError } from '../../src/index.js'
import { Account, application } from '../typeorm/failures/application.js'
import type { Plaintext } from './accounts.js'
import { localKms, settingOfThisProcess, writerOf } from './setting.js'

/**
 * An application that inserts, changes and deletes until it is told to stop: rows of its own, and the share of the others
 * that are its own by `writerOf`. Says then what it did, so that what is stored can be compared with it.
 */
const setting = settingOfThisProcess()
const password = { of: (id: string, n: number) => `password ${n} of ${id}` }

export interface WriterReport {
  /** By id; null for a row that was deleted. */
  readonly written: Readonly<Record<string, Plaintext | null>>
  readonly writes: number
  /** Writes that met a row whose envelope had changed, and were tried once more, as its error says. */
  readonly retries: number
  readonly errors: readonly string[]
}

const dataSource = application(setting.url, localKms(setting), { poolSize: 2 })
await dataSource.initialize()
const accounts = dataSource.getRepository(Account)
/** Under the first KEK, which no writer wraps under: what another writer has inserted already is its own. */
const SEEDED = `SELECT id::text FROM account WHERE encryption_metadata #>> '{wraps,0,kek,version}' LIKE '1-%'`
const own = (await dataSource.query<{ id: string }[]>(SEEDED))
  .map(({ id }) => id)
  .filter((id) => writerOf(id) === Number(process.env.WRITER))
const written: Record<string, Plaintext | null> = {}
const errors: string[] = []
let writes = 0
let retries = 0
let isStopping = false
process.on('message', () => {
  isStopping = true
})

const OPERATIONS: readonly ((n: number) => Promise<void>)[] = [
  async function insert(n) {
    const id = randomUUID()
    const plaintext = { password: password.of(id, n), token: `token ${n}` }
    await accounts.save({ id, name: id, ...plaintext })
    own.push(id)
    written[id] = plaintext
  },
  async function change(n) {
    const entity = await load()
    entity.password = password.of(entity.id, n)
    const { id, token } = entity
    await accounts.save(entity)
    written[id] = { password: entity.password, token }
  },
  async function changeAll(n) {
    const entity = await load()
    Object.assign(entity, { password: password.of(entity.id, n), token: `token ${n}` })
    await accounts.save(entity)
    written[entity.id] = { password: entity.password, token: entity.token }
  },
  async function remove() {
    const { id } = await load()
    own.splice(own.indexOf(id), 1)
    await accounts.delete({ id })
    written[id] = null
  },
]

async function load(): Promise<Account> {
  return accounts.findOneByOrFail({ id: own[Math.floor(Math.random() * own.length)]! })
}

process.send!('ready')
for (let n = 0; !isStopping; n++) {
  try {
    await OPERATIONS[n % OPERATIONS.length]!(n)
    writes++
  } catch (error) {
    if (isWaxsealError(error) && error.code === 'ERR_ENVELOPE_CHANGED') {
      retries++
      n--
    } else errors.push(String(error))
  }
}
await dataSource.destroy()
process.send!({ written, writes, retries, errors } satisfies WriterReport, () => process.disconnect())
