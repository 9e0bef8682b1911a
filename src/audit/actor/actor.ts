import { AsyncLocalStorage } from 'node:async_hooks'
import { assertOptions, type OptionRules, TEXT } from '../../kms/options.js'

/** Who asks, and for what. Written into the ledger and into application events: no member may be a secret. */
export interface Actor {
  /** A person or a service, by a name that stays: an id rather than an e-mail address that may be given to somebody else. */
  readonly actor: string
  readonly tenant?: string
  /** Such as `tool-execution`, or the command that runs. */
  readonly purpose?: string
  /** Of whatever allows it, such as a change or a support case. */
  readonly ticket?: string
  /** Of the request that the application serves. */
  readonly requestId?: string
  readonly ip?: string
}

const MEMBERS: OptionRules<Actor> = {
  actor: TEXT,
  tenant: TEXT,
  purpose: TEXT,
  ticket: TEXT,
  requestId: TEXT,
  ip: TEXT,
}

/** Asked when it is needed: who a request is from may be known only after a guard of a framework has run. */
type Source = () => Actor | undefined

/** One for both builds of this library, of which a process may have loaded each. */
const KEY = Symbol.for('waxseal.actor')
const holder = globalThis as { [KEY]?: AsyncLocalStorage<Source> }
holder[KEY] ??= new AsyncLocalStorage<Source>()
const sources = holder[KEY]

/**
 * Runs `use`, and everything that it begins, in the name of `actor`. Inside of another one it takes its place as a whole: a
 * member that is left out is unknown, and not that of the other.
 */
export function withActor<T>(actor: Actor, use: () => T): T {
  assertActor('withActor', actor)
  return sources.run(() => actor, use)
}

/** As `withActor`, with somebody who is asked for at each use. */
export function withActorOf<T>(source: Source, use: () => T): T {
  return sources.run(() => {
    const actor = source()
    if (actor) assertActor('actorOfRequest', actor)
    return actor
  }, use)
}

/** Who asks at this point; undefined where nobody said so. */
export function currentActor(): Actor | undefined {
  return sources.getStore()?.()
}

function assertActor(where: string, actor: Actor): void {
  assertOptions(where, { ...actor, actor: actor.actor ?? '' }, MEMBERS)
}
