import type { Credential, CredentialSet } from './credential.js'
import type { DemoDatabase } from './database.js'
import type { DemoKeys } from './keys.js'
import type { Screen } from './screen.js'

/** What the steps of one run share. */
export interface DemoRun {
  readonly screen: Screen
  readonly database: DemoDatabase
  readonly keys: DemoKeys
  readonly set: CredentialSet
  /** What every row must read back as, by its primary key. */
  readonly expected: Map<string, Credential>
}
