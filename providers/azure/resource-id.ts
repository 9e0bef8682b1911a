import { ConfigurationError } from '../../src/errors.js'
import { isLoopback } from './key-names.js'

const NAME = '[^/?#%\\s]+'
const RESOURCE = new RegExp(
  `^/subscriptions/${NAME}/resourcegroups/${NAME}/providers/microsoft\\.keyvault/(vaults|managedhsms)/(${NAME})$`,
  'i',
)

/** Throws `ConfigurationError` for what is no resource id, or that of another vault. */
export function assertResourceId(vaultUrl: string, resourceId: string): void {
  const { hostname } = new URL(vaultUrl)
  const name = RESOURCE.exec(resourceId)?.[2]?.toLowerCase()
  if (name !== undefined && (isLoopback(hostname) || name === hostname.split('.')[0])) return
  throw new ConfigurationError(
    'provider "azure": "resourceId" must be that of the vault: "az keyvault show --query id" prints it',
  )
}

export function isManagedHsm(resourceId: string): boolean {
  return RESOURCE.exec(resourceId)?.[1]?.toLowerCase() === 'managedhsms'
}
