import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { generateLocalKey } from '../../../providers/local/index.js'
import { currentActor } from '../../../src/audit/index.js'
import { asOperator } from '../../../src/cli/as-operator.js'
import { type Configuration, connectCipher, connectLedger, type LedgerDeclaration } from '../../../src/config/index.js'
import { InMemoryCallLedger } from '../../../src/index.js'
import { useLedger } from './ledger-suite.js'

const suite = useLedger()
const BINDING = { entity: 'credential', row: '1', context: {} }

function configured(ledger: LedgerDeclaration): Configuration {
  const provider = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 } as const
  return { provider, database: suite.database.url, audit: { ledger } }
}

async function recorded(purpose: string): Promise<Record<string, any>[]> {
  const { rows } = await suite.database.client.query(
    `SELECT operation, actor, label, ended_at IS NOT NULL AS ended FROM waxseal.ledger_attempt
      JOIN waxseal.ledger_writer ON ledger_writer.id = writer WHERE purpose = $1 ORDER BY ledger_attempt.inserted_at`,
    [purpose],
  )
  return rows
}

test('a cipher of a configuration with a ledger records, and closes it with itself', async () => {
  const configuration = configured({ label: 'api', connections: 1, actors: 'require' })
  await asOperator('encrypt', { WAXSEAL_ACTOR: 'ci:42' }, async () => {
    await using cipher = await connectCipher({ configuration })
    await cipher.mint(BINDING)
  })
  const row = { operation: 'generateDataKey', actor: 'ci:42', label: 'api', ended: true }
  expect(await recorded('waxseal encrypt')).toEqual(expect.arrayContaining([row]))
  await using nobody = await connectCipher({ configuration })
  await expect(nobody.mint(BINDING)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})

test('a ledger that is handed over takes the place of the configured one', async () => {
  const ledger = new InMemoryCallLedger()
  await using cipher = await connectCipher({ configuration: configured({}), ledger })
  await asOperator('adopt', {}, () => cipher.mint(BINDING))
  expect(ledger.entries.length).toBeGreaterThan(0)
  expect(await recorded('waxseal adopt')).toEqual([])
})

test('whoever wants its statistics opens it, with a journal, on a database of its own', async () => {
  const { proxy, connection } = await suite.proxied()
  const journal = suite.folder()
  const { database: _, ...configuration } = configured({ journal, database: connection })
  await using ledger = await connectLedger({ configuration })
  proxy.shut()
  await using cipher = await connectCipher({ configuration, ledger })
  await cipher.mint(BINDING)
  expect(ledger.statistics).toMatchObject({ isAway: true, withoutActor: expect.any(Number), unrecorded: 0 })
  expect((await readdir(journal)).length).toBe(1)
  proxy.open()
})

test('the ledger of a file, with a journal beside it', async () => {
  const folder = suite.folder()
  await mkdir(folder)
  const file = join(folder, 'waxseal.config.json')
  await writeFile(file, JSON.stringify(configured({ journal: 'journal' })))
  await using ledger = await connectLedger({ file })
  expect(ledger.statistics.isAway).toBe(false)
  expect((await readdir(folder)).sort()).toEqual(['journal', 'waxseal.config.json'])
})

test('each operation may be refused by the configuration', async () => {
  const { proxy, connection } = await suite.proxied()
  const refused = { generateDataKey: 'refuse', wrap: 'refuse' } as const
  const whenUnavailable = { ...refused, examine: 'proceed', authenticate: 'proceed' } as const
  await using ledger = await connectLedger({ configuration: configured({ database: connection, whenUnavailable }) })
  proxy.shut()
  const configuration = configured({})
  await using cipher = await connectCipher({ configuration, ledger, retry: { retries: 0 } })
  await expect(cipher.mint(BINDING)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
})

test.each([
  ['no database', ({ database: _, ...rest }: Configuration) => rest, '"audit.ledger" needs "database"'],
  ['no ledger', (given: Configuration) => ({ ...given, audit: {} }), 'expected "audit.ledger", found nothing'],
  [
    'an option that there is not',
    (given: Configuration) => ({ ...given, audit: { ledger: { jurnal: 'x' } } }) as never,
    'audit.ledger.jurnal',
  ],
  [
    'neither refuse nor proceed',
    (given: Configuration) => ({ ...given, audit: { ledger: { whenUnavailable: { unwrap: 'maybe' } } } }) as never,
    'audit.ledger.whenUnavailable.unwrap',
  ],
])('%s is an error', async (_, change, message) => {
  await expect(connectLedger({ configuration: change(configured({})) })).rejects.toThrow(message)
})

test('without a name in the environment, a command is run by the user of the machine', () => {
  const actor = asOperator('rotate', {}, currentActor)
  expect(actor).toEqual({ actor: expect.stringMatching(/^operator:.+@.+/), purpose: 'waxseal rotate' })
})
