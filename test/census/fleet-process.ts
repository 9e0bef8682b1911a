import pg from 'pg'
import { LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher, metadataToJson } from '../../src/index.js'
import { joinFleet } from '../../src/lifecycle/index.js'

/**
 * A process of an application that joins the fleet, says so, and does what it is told by lines on its standard input: run in
 * a process of its own by the tests of the writer fence.
 */
const { DATABASE_URL = '', KEYS = '', CURRENT_KEY = '', LABEL = '' } = process.env
const cipher = new EnvelopeCipher({ provider: new LocalProvider({ keys: KEYS, currentKey: Number(CURRENT_KEY) }) })
const required = true
await joinFleet({ cipher, connection: DATABASE_URL, label: LABEL, required })
const client = new pg.Client({ connectionString: DATABASE_URL, application_name: LABEL })
await client.connect()

async function store(id: string): Promise<void> {
  const envelope = await cipher.mint({ entity: 'credential', row: id, context: { tenant: 'acme' } })
  await client.query('INSERT INTO credential (id, tenant_id, encryption_metadata) VALUES ($1, $2, $3)', [
    ...[id, 'acme', JSON.stringify(metadataToJson(envelope.metadata))],
  ])
}

const commands: Readonly<Record<string, (argument: string) => Promise<unknown>>> = {
  store,
  sql: (text) => client.query(text),
}

process.stdin.setEncoding('utf8')
process.stdin.on('data', async (text: string) => {
  const [, command = '', argument = ''] = /^(\w+) (.*)\n$/.exec(text) ?? []
  await commands[command]?.(argument)
  process.stdout.write('done\n')
})
process.stdout.write('joined\n')
