import { type JsonObject, listAt, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'

/** Where others put a line into JSON of their own: the log of a container, a shipper, the journal. */
const CARRIERS = ['log', 'message', 'MESSAGE']

/** What a line says: a device can be told to begin each with a text of its own (`prefix`), and syslog does. */
export function audited(line: string): JsonObject | undefined {
  const found = objectIn(line)
  if (found === undefined || Object.hasOwn(found, 'type')) return found
  const [carried] = CARRIERS.flatMap((name) => textAt(found, name) ?? [])
  return carried === undefined ? found : objectIn(carried)
}

function objectIn(text: string): JsonObject | undefined {
  const parsed = parseJson(text)
  const [only, ...others] = listAt(parsed)
  if (others.length > 0) return undefined
  return objectAt(only ?? parsed) ?? objectAt(parseJson(text.slice(text.indexOf('{'))))
}
