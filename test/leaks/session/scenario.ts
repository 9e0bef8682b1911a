import { randomUUID } from 'node:crypto'
import type { World } from './world.js'

/**
 * One operation, with a secret of its own. What it returns or throws is shown to every surface that prints, so it returns
 * nothing that holds plaintext by design: a decrypted transparent field is a string.
 */
export interface Scenario {
  readonly name: string
  run(world: World, plaintext: string): Promise<unknown>
  /** Starts of the names of places where the operation shows its secret itself, such as by SQL text of its own. */
  readonly declared: readonly string[]
}

export function scenarios(
  runs: Readonly<Record<string, Scenario['run']>>,
  declared: readonly string[] = [],
): Scenario[] {
  return Object.entries(runs).map(([name, run]) => ({ name, run, declared }))
}

export const tenantId = randomUUID()

/** A credential with the secret in every field. */
export function filled(plaintext: string) {
  return {
    tenantId,
    password: plaintext,
    settings: { deep: [plaintext] },
    oauth: { access: plaintext },
    // As applications make them: in the pool that small buffers share.
    certificate: Buffer.from(plaintext),
  }
}
