import type { KeyObject } from 'node:crypto'
import { ConfigurationError } from '../../src/errors.js'
import type { RecoveryAlgorithm } from './algorithm.js'
import { rsaOaep256 } from './rsa-oaep-256.js'
import { x25519 } from './x25519.js'

const ALGORITHMS = { 'rsa-oaep-256': rsaOaep256, x25519 } as const satisfies Record<string, RecoveryAlgorithm>

export type RecoveryAlgorithmName = keyof typeof ALGORITHMS
export const RECOVERY_ALGORITHMS = Object.keys(ALGORITHMS) as readonly RecoveryAlgorithmName[]

export function algorithmNamed(name: RecoveryAlgorithmName): RecoveryAlgorithm {
  if (Object.hasOwn(ALGORITHMS, name)) return ALGORITHMS[name]
  throw new ConfigurationError(
    `recovery key: expected the algorithm ${RECOVERY_ALGORITHMS.join(' or ')}, found something else`,
  )
}

/** Undefined for keys of a type that none of them has. */
export function algorithmOf({ asymmetricKeyType }: KeyObject): RecoveryAlgorithm | undefined {
  return Object.values(ALGORITHMS).find(({ keyType }) => keyType === asymmetricKeyType)
}
