import { randomUUID } from 'node:crypto'
import { updateEncrypted, upsertEncrypted } from '../../../src/typeorm/index.js'
import { Account, application, localProvider } from './application.js'

/**
 * An application that stops for good in the middle of a write, and says so, to be killed there: run in a process of its
 * own by `killed.test.ts`.
 */
const { DATABASE_URL, APPLICATION_NAME, TEST_KEY, STOP_AT, WRITE, ID } = process.env as Readonly<Env>

type Env = Record<'DATABASE_URL' | 'APPLICATION_NAME' | 'TEST_KEY' | 'STOP_AT' | 'WRITE' | 'ID', string>

let isWriting = false

/** Says where it is and never goes on. The connection to the database keeps the process alive. */
function stopAt(place: string): Promise<void> | undefined {
  if (!isWriting || place !== STOP_AT) return undefined
  process.stdout.write('stopped\n')
  return new Promise(() => undefined)
}

const kms = localProvider(TEST_KEY)
const provider = Object.assign(Object.create(kms), {
  name: kms.name,
  unwrap: (...args: Parameters<typeof kms.unwrap>) => kms.unwrap(...args),
  async generateDataKey(...args: Parameters<typeof kms.generateDataKey>) {
    await stopAt('the call to the KMS')
    const generated = await kms.generateDataKey(...args)
    await stopAt('its answer')
    return generated
  },
})

const dataSource = application(DATABASE_URL, provider, { applicationName: APPLICATION_NAME })
await dataSource.initialize()
dataSource.subscribers.push({
  afterInsert: () => stopAt('the statement'),
  afterUpdate: () => stopAt('the statement'),
  beforeTransactionCommit: () => stopAt('all hooks'),
})
const accounts = dataSource.getRepository(Account)
const values = { password: 'new', token: 'new' }

const writes: Readonly<Record<string, () => Promise<unknown>>> = {
  'save() of a new row': () => accounts.save({ id: ID, name: randomUUID(), ...values }),
  'save() of a changed row': async () => accounts.save({ ...(await accounts.findOneByOrFail({ id: ID })), ...values }),
  'updateEncrypted()': () => updateEncrypted(accounts, ID, values),
  'upsertEncrypted() of an old row': () => upsertEncrypted(accounts, { id: ID, name: ID, ...values }, ['id']),
}
isWriting = true
await writes[WRITE]?.()
