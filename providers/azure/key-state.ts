import { ConfigurationError, KekUnavailableError } from '../../src/errors.js'
import type { AzureKey } from './client.js'
import { isKeyVersion } from './key-names.js'

/**
 * The version of a key that may wrap and sign from now on. Key Vault itself wraps under a version that is disabled, and
 * does not unwrap then: the row would not open.
 */
export function assertWraps(name: string, { properties }: AzureKey, now: number): string {
  const { version = '', enabled, notBefore, expiresOn } = properties
  if (!isKeyVersion(version)) {
    throw new ConfigurationError(
      `provider "azure": the vault did not say which version of the key "${name}" is current`,
    )
  }
  const refused = (state: string) => {
    return new KekUnavailableError(
      `provider "azure": the current version ${version} of the key "${name}" is ${state}; enable or rotate it there`,
    )
  }
  if (enabled === false) throw refused('disabled')
  if (notBefore && notBefore.getTime() > now) throw refused('not yet valid')
  if (expiresOn && expiresOn.getTime() <= now) throw refused('expired')
  return version
}
