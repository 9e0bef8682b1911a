import type { KmsProvider } from '../src/kms/provider.js'

/** Makes a provider from its section of the configuration, unparsed: the provider knows its options. */
export type ConnectProvider = (section: Readonly<Record<string, unknown>>) => Promise<KmsProvider>

/**
 * Every provider by its name, loaded when it is asked for, so that nobody needs an SDK that he does not use. In the
 * environment an option such as `currentKey` of `local` is `WAXSEAL_LOCAL_CURRENT_KEY`.
 */
export const providers = {
  aws: async () => (await import('./aws/connect.js')).connectAws,
  local: async () => (await import('./local/connect.js')).connectLocal,
} satisfies Record<string, () => Promise<ConnectProvider>>

export type ProviderName = keyof typeof providers
