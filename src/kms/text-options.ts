import { ConfigurationError } from '../errors.js'
import { assertKnown } from './options.js'

/**
 * The options of a provider's configuration section, each text: so they come from the environment, too. Throws
 * `ConfigurationError` for an unknown one and for one that is no text; values are not repeated, since they can be secrets.
 */
export function textOptions<Name extends string>(
  provider: string,
  section: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  assertKnown(`provider "${provider}"`, section, names)
  const options: Partial<Record<Name, string>> = {}
  for (const [name, value] of Object.entries(section)) {
    if (value === undefined) continue
    if (typeof value !== 'string' || value === '') {
      throw new ConfigurationError(`provider "${provider}": the option "${name}" must be text that is not empty`)
    }
    options[name as Name] = value
  }
  return options
}
