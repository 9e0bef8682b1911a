import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { Clock } from '../kms/clock.js'
import { assertOptions, CLOCK, hasMethods, isText, type OptionRules, TEXT, wholeNumberFrom } from '../kms/options.js'
import { backgroundClock } from './background-clock.js'
import type { ConnectionOptions } from './fleet-connection.js'
import { FleetMember } from './fleet-member.js'

export interface FleetOptions {
  /** Forgets what is shredded, and gives out no wrap under a KEK that was not written down before. */
  readonly cipher: EnvelopeCipher
  /**
   * What `new pg.Client()` takes, of the server that is written to. Not of a pooler that shares sessions: one connection stays
   * open as long as the process.
   */
  readonly connection: ConnectionOptions
  /**
   * Default false: a process that cannot be written down works on, and `healthCheck` says so. True: it joins or rejects, and
   * new envelopes are refused while nobody would know of them.
   */
  readonly required?: boolean
  /** Tells operators what the process is, such as `api`. Shown by `waxseal retire`. */
  readonly label?: string
  /** By entity: how its rows are read and written. Default: none is said. */
  readonly modes?: Readonly<Record<string, string>>
  /** How long after an envelope left the cipher it may be stored, at most. Milliseconds, default 60,000. */
  readonly holdMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<FleetOptions> = {
  cipher: [(value) => hasMethods(value, ['mint', 'forget', 'currentKeks']), 'be an EnvelopeCipher'],
  connection: [
    (value) => isText(value) || (typeof value === 'object' && value !== null),
    'be a Postgres URL or what pg.Client takes',
  ],
  required: [(value) => typeof value === 'boolean', 'be true or false'],
  label: TEXT,
  modes: [(value) => typeof value === 'object' && value !== null, 'be an object of entity names and modes'],
  holdMs: wholeNumberFrom(1),
  clock: CLOCK,
}

/**
 * Writes this process into `waxseal.process`, with a heartbeat every five seconds, and listens for envelopes that are to be
 * forgotten. What retires a KEK or shreds a credential knows by it who is at work, and waits for all. Opens one connection and
 * keeps no process alive. The schema comes by `waxseal schema install`.
 */
export async function joinFleet(options: FleetOptions): Promise<FleetMember> {
  assertOptions('joinFleet', options, OPTIONS)
  const { cipher, connection, required = false, label, modes = {}, holdMs = 60_000, clock = backgroundClock } = options
  const member = new FleetMember({ cipher, connection, required, label, modes, holdMs, clock })
  await member.join()
  return member
}
