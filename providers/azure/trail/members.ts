import { type JsonObject, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'

/** Deeper than any identity is nested. */
const DEEPEST = 5

/** The members of a record by one spelling of their names, whichever log it is from. */
export type Members = ReadonlyMap<string, string>

/**
 * Records of one event differ by where they were read: storage and Event Hub have `properties` with small letters, the
 * table AZKVAuditLogs has capitals, AzureDiagnostics has the type behind each name (`requestUri_s`), and a Managed HSM has
 * everything on the first level. The first level counts where a name is on both.
 */
export function membersOf(record: JsonObject): Members {
  const members = new Map<string, string>()
  for (const level of [record, propertiesOf(record)]) {
    for (const name of Object.keys(level ?? {})) {
      // Of the Activity Log's interface: `{ value, localizedValue }`.
      const text = textAt(level, name) ?? textAt(level, name, 'value')
      const spelling = name.toLowerCase().replace(/_[sdgbt]$/, '')
      if (text !== undefined && !members.has(spelling)) members.set(spelling, text)
    }
  }
  return members
}

/** The table AzureActivity has them as text. */
function propertiesOf(record: JsonObject): JsonObject | undefined {
  const found = ['properties', 'Properties'].map((name) => {
    return objectAt(record, name) ?? objectAt(parseJson(textAt(record, name) ?? ''))
  })
  return found.find((each) => each !== undefined)
}

/** Claims of the caller's token by the last part of their names: `oid`, `appid`, `upn`, `objectidentifier`. */
export function claimsOf(record: JsonObject): Members {
  const claims = new Map<string, string>()
  const collect = (value: unknown, depth: number): void => {
    const object = objectAt(value)
    if (!object || depth > DEEPEST) return
    for (const name of Object.keys(object)) {
      const text = textAt(object, name)
      if (text !== undefined) add(name, text)
      else collect(object[name], depth + 1)
    }
  }
  // Beside the claims, the Activity Log has what the caller was authorised by.
  const identity = (value: unknown) => objectAt(value, 'claim') ?? objectAt(value, 'claims') ?? value
  const add = (name: string, text: string) => {
    const spelling = (name.toLowerCase().match(/[^/]+$/)?.[0] ?? '').replace(/^.*claims?_/, '').replace(/_[sdgbt]$/, '')
    if (!claims.has(spelling)) claims.set(spelling, text)
  }
  for (const name of Object.keys(record)) {
    const isIdentity = /^(identity|claims)(_[ds])?$/i.test(name)
    if (isIdentity) collect(identity(objectAt(record, name) ?? parseJson(textAt(record, name) ?? '')), 0)
    else if (/^identity_claim/i.test(name)) add(name, textAt(record, name) ?? '')
  }
  return claims
}
