import type { Figure } from '../harness/figure.js'
import { access } from './access.js'
import { adopt } from './adopt.js'
import { crypto } from './crypto.js'
import { growth } from './growth.js'
import { guard } from './guard.js'
import { kmsLatency } from './kms-latency.js'
import { ledger } from './ledger.js'
import { lists } from './lists.js'
import { mirror } from './mirror.js'
import { peers } from './peers.js'
import { providers, providersOnClock } from './providers.js'
import { rewrap } from './rewrap.js'
import { singleRows } from './single-rows.js'
import { sink } from './sink.js'
import { start } from './start.js'
import { storage } from './storage.js'

export interface Suite {
  readonly measure: () => Promise<Figure[]>
  /** False for what Node has no part in: it is measured once. */
  readonly everyNode: boolean
}

export const suites: Readonly<Record<string, Suite>> = {
  crypto: { measure: crypto, everyNode: true },
  lists: { measure: lists, everyNode: true },
  'single-rows': { measure: singleRows, everyNode: true },
  'kms-latency': { measure: kmsLatency, everyNode: true },
  providers: { measure: providers, everyNode: true },
  'providers-clock': { measure: providersOnClock, everyNode: true },
  guard: { measure: guard, everyNode: false },
  storage: { measure: storage, everyNode: false },
  peers: { measure: peers, everyNode: true },
  access: { measure: access, everyNode: false },
  sink: { measure: sink, everyNode: false },
  ledger: { measure: ledger, everyNode: false },
  mirror: { measure: mirror, everyNode: false },
  adopt: { measure: adopt, everyNode: false },
  rewrap: { measure: rewrap, everyNode: false },
  growth: { measure: growth, everyNode: false },
  start: { measure: start, everyNode: true },
}
