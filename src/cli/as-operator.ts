import { hostname, userInfo } from 'node:os'
import { withActor } from '../audit/actor/actor.js'
import { actorFromEnvironment, type Environment } from '../config/environment.js'

/** Runs a command in the name of whoever runs it, for the ledger. */
export function asOperator<T>(command: string | undefined, environment: Environment, run: () => T): T {
  const actor = actorFromEnvironment(environment) ?? `operator:${userName()}@${hostname()}`
  return withActor({ actor, purpose: command === undefined ? 'waxseal' : `waxseal ${command}` }, run)
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // In a container, the user need have no name.
    return String(process.getuid?.() ?? 'unknown')
  }
}
