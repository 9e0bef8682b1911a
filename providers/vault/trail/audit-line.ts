import { type JsonObject, objectAt, parseJson } from '../../../src/kms/untrusted-json.js'

/** What a line says: a device can be told to begin each with a text of its own (`prefix`), and syslog does. */
export function audited(line: string): JsonObject | undefined {
  return objectAt(parseJson(line)) ?? objectAt(parseJson(line.slice(line.indexOf('{'))))
}
