import { type JsonObject, listAt, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'

/** What Event Hub delivers, and what the interface of the Activity Log answers. */
const LISTS = ['records', 'value']
/** Where clients and shippers have what Event Hub delivered, decoded or as text. */
const CARRIERS = ['body', 'Body', 'message']

/**
 * The records in a text: one, an array of them, a list in an object, also as the body of a message, or the rows that a query
 * of a workspace answers. Undefined for what is no JSON of these.
 */
export function recordsIn(raw: string): readonly JsonObject[] | undefined {
  const parsed = parseJson(raw)
  const answer = carriedBy(parsed) ?? parsed
  const lists = [Array.isArray(answer) ? answer : [], ...LISTS.map((name) => listAt(answer, name)), rowsOf(answer)]
  const list: readonly unknown[] = lists.find(({ length }) => length > 0) ?? []
  const records = list.map((each) => objectAt(each)).filter((each) => each !== undefined)
  if (list.length > 0) return records.length === list.length ? records : undefined
  const single = objectAt(answer)
  return single && [single]
}

function carriedBy(parsed: unknown): unknown {
  const found = CARRIERS.map((name) => objectAt(parsed, name) ?? parseJson(textAt(parsed, name) ?? ''))
  return found.find((each) => typeof each === 'object' && each !== null)
}

/** https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format */
function rowsOf(answer: unknown): readonly unknown[] {
  return listAt(answer, 'tables').flatMap((table) => {
    const names = listAt(table, 'columns').map((column) => textAt(column, 'name') ?? '')
    return listAt(table, 'rows').map((row) => {
      return Array.isArray(row) ? Object.fromEntries(row.map((value, at) => [names[at] ?? '', value])) : row
    })
  })
}
