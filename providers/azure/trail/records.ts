import { type JsonObject, listAt, objectAt, parseJson } from '../../../src/kms/untrusted-json.js'

/**
 * The records in a text: one, an array of them, or what Event Hub delivers, `{ "records": […] }`. Undefined for what is no
 * JSON of these.
 */
export function recordsIn(raw: string): readonly JsonObject[] | undefined {
  const parsed = parseJson(raw)
  const list: readonly unknown[] = Array.isArray(parsed) ? parsed : listAt(parsed, 'records')
  const records = list.map((each) => objectAt(each)).filter((each) => each !== undefined)
  if (list.length > 0) return records.length === list.length ? records : undefined
  const single = objectAt(parsed)
  return single && [single]
}
