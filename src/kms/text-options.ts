import { ConfigurationError } from '../errors.js'

/**
 * The options of a provider's configuration section, each text: so they come from the environment, too. Throws
 * `ConfigurationError` for an unknown one and for one that is no text; values are not repeated, since they can be secrets.
 */
export function textOptions<Name extends string>(
  provider: string,
  section: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const options: Partial<Record<Name, string>> = {}
  for (const [name, value] of Object.entries(section)) {
    if (!names.some((each) => each === name)) {
      throw new ConfigurationError(`provider "${provider}": unknown option "${name}"; expected ${names.join(', ')}`)
    }
    if (value === undefined) continue
    if (typeof value !== 'string' || value === '') {
      throw new ConfigurationError(`provider "${provider}": the option "${name}" must be text that is not empty`)
    }
    options[name as Name] = value
  }
  return options
}
