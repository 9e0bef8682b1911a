import { ConfigurationError } from '../errors.js'
import type { KekRef } from '../kms/provider.js'

const NAME = /^([a-z][a-z0-9-]{0,31}):([!-~]+)@([!-~]+)$/

/** Reads one version of a KEK as every command and message prints it: `<provider>:<id>@<version>`. */
export function parseKekName(text: string): KekRef {
  const [, provider, id, version] = NAME.exec(text) ?? []
  if (provider === undefined || id === undefined || version === undefined) {
    throw new ConfigurationError(
      'expected a version of a KEK as "waxseal census" prints it, <provider>:<id>@<version>, found another text',
    )
  }
  return { provider, id, version }
}

/** Whether a ref may be of this version: one of an unknown version may be of any. */
export function mayBe(kek: KekRef, ref: KekRef): boolean {
  return ref.provider === kek.provider && ref.id === kek.id && (ref.version === kek.version || ref.version === '')
}
