import type pg from 'pg'
import type { Queryable } from '../../../src/postgres/queryable.js'
import { MONTHS } from './large-tables.js'

/** How a table is read. */
export interface Scan {
  readonly how: string
  readonly table: string
  /** Of a partition, such as `202605`. */
  readonly month: string | undefined
  readonly index: string | undefined
}

export interface PlannedStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** How Postgres would run a statement, where tables that were filled are concerned: of an empty one any plan will do. */
export async function scansOf(
  client: Pick<pg.Client, 'query'>,
  { text, values }: PlannedStatement,
  filled: ReadonlySet<string>,
): Promise<Scan[]> {
  const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${text}`, [...values])
  const scans: Scan[] = []
  const visit = (node: any) => {
    const [, table, month] = /^(.+?)(?:_(\d{6}))?$/.exec(node['Relation Name'] ?? '') ?? []
    if (table) scans.push({ how: node['Node Type'], table, month, index: indexOf(node) })
    for (const child of node.Plans ?? []) visit(child)
  }
  visit(rows[0]['QUERY PLAN'][0].Plan)
  const isFilled = (month: string | undefined) => !month || MONTHS.some((each) => each.replace('-', '') === month)
  return scans.filter(({ how, table, month }) => filled.has(table) && isFilled(month) && how !== 'ModifyTable')
}

/** Of a bitmap the scans below it. */
const indexOf = (node: any): string | undefined =>
  node['Index Name'] ?? node.Plans?.map(indexOf).find((name: string | undefined) => name !== undefined)

const PLANNED = /^\s*(SELECT|WITH|INSERT|UPDATE)/

/** How each statement that a call runs is planned, at the moment when it runs it. */
export async function scansWithin(
  client: pg.Client,
  filled: ReadonlySet<string>,
  run: (client: Queryable) => Promise<unknown>,
): Promise<(Scan & { readonly text: string })[]> {
  const scans: (Scan & { readonly text: string })[] = []
  const query = async (text: string, values: unknown[] = []) => {
    if (PLANNED.test(text)) {
      const found = await scansOf(client, { text, values }, filled)
      scans.push(...found.map((scan) => ({ ...scan, text: text.replaceAll(/\s+/g, ' ') })))
    }
    return client.query(text, values)
  }
  await run({ query } as never)
  return scans
}
