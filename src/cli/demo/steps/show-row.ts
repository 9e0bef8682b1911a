import type { DemoRun } from '../demo-run.js'
import { ShopCredential } from '../entities.js'
import { recordLines } from '../record.js'
import { TEXT_WIDTH } from '../screen.js'
import type { Store } from '../store.js'
import { counted, shorten } from '../text.js'

export interface RowFacts {
  readonly id: string
  /** The row as it lies in the table, long values cut in the middle. */
  readonly stored: Readonly<Record<string, unknown>>
}

/** One row from both sides: as the application has it, and as anybody has it who can read the table. */
export async function showRow(run: DemoRun, store: Store): Promise<RowFacts> {
  const { screen, set } = run
  const id = idToShow(run)
  const row = await store.credentials.findOneByOrFail({ id })
  const { tablePath } = store.dataSource.getMetadata(ShopCredential)
  const [record] = await store.dataSource.query(`SELECT * FROM ${tablePath} WHERE id = $1`, [id])

  screen.heading('One row, as the application sees it')
  for (const line of await entityLines(row, set.file ? hidden : shown)) screen.line(line)
  screen.line()
  screen.line('… and as it lies in the table')
  for (const line of recordLines(record, TEXT_WIDTH)) screen.line(line)
  return {
    id,
    stored: JSON.parse(JSON.stringify(record, (_, each) => (typeof each === 'string' ? shorten(each, 64) : each))),
  }
}

type Show = (secret: string, width: number) => string

/** Secrets of a file are somebody's; the demo's own are nobody's. */
const hidden: Show = (secret) => `•••• (${counted(secret.length, 'character')})`
const shown: Show = (secret, width) => `'${shorten(secret.split('\n')[0] ?? '', width)}'`

async function entityLines(row: ShopCredential, show: Show): Promise<string[]> {
  const { id, tenantId, shop, kind, secret, webhookSecret, oauth } = row
  const [[member, value] = []] = Object.entries((await oauth?.decrypt()) ?? {})
  const properties = {
    id: `'${id}'`,
    tenantId: `'${tenantId}'`,
    shop: `'${shorten(shop, 60)}'`,
    kind: `'${shorten(kind, 60)}'`,
    secret: show(secret, 60),
    webhookSecret: webhookSecret === null ? 'null' : show(webhookSecret, 60),
    oauth: oauth === null ? 'null' : `[encrypted]  decrypt() gives { ${member}: ${show(String(value), 20)}, … }`,
  }
  return [
    'ShopCredential {',
    ...Object.entries(properties).map(([name, text]) => `  ${`${name}:`.padEnd(15)}${text}`),
    '}',
  ]
}

/** One with every field where there is one. */
export function idToShow({ expected }: DemoRun): string {
  const rows = [...expected]
  const found = rows.find(([, { oauth, webhookSecret }]) => oauth && webhookSecret) ?? rows[0]!
  return found[0]
}
