import type { LoadedConfiguration } from '../../config/load-configuration.js'

/**
 * Whether the KEK of a row may depend on its context. The providers of this package have one for all; one that was made in the
 * configuration file may be a `PerContextProvider`, or anything. The configuration may say that it is not.
 */
export function kekPerContextOf({ kekPerContext, provider, recipients }: LoadedConfiguration): boolean {
  const isMade = (choice: object) => typeof Reflect.get(choice, 'currentKek') === 'function'
  return kekPerContext ?? [provider, ...recipients].some(isMade)
}
