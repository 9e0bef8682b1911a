export { vaultTrail } from './audit-trail.js'
export {
  type VaultClient,
  VaultHttpClient,
  type VaultHttpOptions,
  type VaultReply,
  type VaultRequest,
} from './client.js'
export { connectVault } from './connect.js'
export { VaultLogin } from './login.js'
export { VaultProvider, type VaultProviderOptions } from './provider.js'
export { type AppRoleCredentials, appRole, givenToken, type IssuedToken, type TokenSource } from './token-source.js'
