import type { KmsProvider } from '../../kms/provider.js'
import { type Finding, finding } from './finding.js'

/**
 * A provider whose KMS keeps tags or labels on its keys. Beside `KmsProvider` and not in it: nothing that encrypts asks.
 */
export interface EnvironmentTagged {
  /** What the current KEK is tagged as, such as `production`. Undefined when it has no such tag. */
  environmentTag(): Promise<string | undefined>
}

/** Whether the KEK belongs to the environment that the configuration says it is in. */
export async function checkEnvironment(
  role: string,
  provider: KmsProvider,
  expected: string | undefined,
): Promise<Finding[]> {
  if (expected === undefined) return []
  if (!isTagged(provider)) {
    const message = `${role}: the keys of provider "${provider.name}" have no tags, so "${expected}" is compared with nothing`
    return [finding('ENVIRONMENT_NOT_APPLICABLE', message, 'nothing to do')]
  }
  const tag = await provider.environmentTag()
  if (tag === expected) return []
  if (tag === undefined) {
    const message = `${role}: the KEK has no environment tag to compare with "${expected}"`
    return [finding('ENVIRONMENT_UNTAGGED', message, 'tag the KEK in its KMS')]
  }
  return [
    finding(
      'ENVIRONMENT_DIFFERS',
      `${role}: expected a KEK of the environment "${expected}", found one tagged "${tag}"`,
      'configure the KEK of this environment before anything is written under the other',
    ),
  ]
}

function isTagged(provider: object): provider is EnvironmentTagged {
  return typeof Reflect.get(provider, 'environmentTag') === 'function'
}
