/** Deeper than anything that is looked at. */
const DEEPEST = 12

/**
 * Members by the names that they have in JSON, `insertId`. Some clients, such as that in Python and BigQuery, write them as in
 * the definition, `insert_id`. Labels are named by whoever sets them.
 */
export function camelCased(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value
  if (Array.isArray(value)) return value.map((each) => camelCased(each, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      name === 'labels' ? each : camelCased(each, depth + 1),
    ]),
  )
}
