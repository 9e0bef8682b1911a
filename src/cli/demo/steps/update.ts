import { EncryptedValue } from '../../../typeorm/index.js'
import type { Cell } from '../columns.js'
import type { DemoRun } from '../demo-run.js'
import { ShopCredential } from '../entities.js'
import { clientSecret, oauthTokens, webhookSecret } from '../generated-secrets.js'
import type { Store } from '../store.js'
import type { Claim } from '../verdict.js'
import { idToShow } from './show-row.js'

type Part = 'envelope' | 'secret' | 'webhook_secret' | 'oauth' | 'xmin'
type Stored = Readonly<Record<Part, string | null>>

export interface UpdateFacts {
  readonly changes: readonly { readonly change: string; readonly replaced: readonly Part[] }[]
  readonly claims: readonly Claim[]
}

/** What a save leaves alone and what it replaces, read from the table before and after. */
export async function update(run: DemoRun, store: Store): Promise<UpdateFacts> {
  const { screen, expected } = run
  const id = idToShow(run)
  const before = expected.get(id)!
  const oauth = before.oauth && oauthTokens('shop.example')
  const partial = { webhookSecret: webhookSecret() }
  const full = { secret: clientSecret(), webhookSecret: webhookSecret() }
  const everyField: Part[] = ['envelope', 'secret', 'webhook_secret', ...(oauth ? (['oauth'] as const) : []), 'xmin']

  const steps = [
    { change: 'one field assigned', values: partial, replaces: ['webhook_secret', 'xmin'] },
    {
      change: 'every field assigned',
      values: { ...full, ...(oauth && { oauth: EncryptedValue.of(oauth) }) },
      replaces: everyField,
    },
    { change: 'saved again as it was', values: {}, replaces: [] },
  ]
  const changes = []
  for (const { change, values, replaces } of steps) {
    const replaced = await replacedBy(store, id, values)
    changes.push({ change, replaced, held: replaced.join() === replaces.join() })
  }
  expected.set(id, { ...before, ...full, oauth })

  screen.heading('Update that row')
  const word = (replaced: readonly Part[], part: Part): Cell =>
    replaced.includes(part) ? { text: 'new', style: 'yellow' } : { text: 'same', style: 'dim' }
  screen.table(
    ['repository.save()', 'data key', 'secret', 'webhook_secret', 'oauth', 'row'],
    changes.map(({ change, replaced }) => [
      change,
      ...(['envelope', 'secret', 'webhook_secret', 'oauth'] as const).map((part) => word(replaced, part)),
      replaced.includes('xmin') ? 'updated' : 'not touched',
    ]),
  )
  const claims = changes.map(({ change, held }) => {
    return { claim: `${change}: replaced what it should and nothing else`, held }
  })
  return { changes: changes.map(({ change, replaced }) => ({ change, replaced })), claims }
}

async function replacedBy(store: Store, id: string, values: Partial<ShopCredential>): Promise<Part[]> {
  const row = await store.credentials.findOneByOrFail({ id })
  const before = await read(store, id)
  await store.credentials.save(Object.assign(row, values))
  const after = await read(store, id)
  return (Object.keys(before) as Part[]).filter((part) => before[part] !== after[part])
}

/** `xmin` is the transaction that wrote the row last: it tells an UPDATE from none. */
async function read({ dataSource }: Store, id: string): Promise<Stored> {
  const { tablePath } = dataSource.getMetadata(ShopCredential)
  const [stored] = await dataSource.query(
    `SELECT encryption_metadata ->> 'id' AS envelope, secret, webhook_secret, oauth, xmin::text FROM ${tablePath} WHERE id = $1`,
    [id],
  )
  return stored
}
