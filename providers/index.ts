import type { KmsSigningKey } from '../src/audit/integrity/kms-signer.js'
import type { ProviderTrail } from '../src/audit/trail/provider-trail.js'
import type { ProviderAccess } from '../src/kms/access.js'
import type { DescribeDisabling } from '../src/kms/disabling.js'
import type { ProviderLimits } from '../src/kms/limits.js'
import type { KmsProvider, WrapOnlyRecipient } from '../src/kms/provider.js'
import type { Upkeep } from '../src/kms/upkeep.js'

/**
 * Makes a provider from its section of the configuration, unparsed: the provider knows its options. What it sends beside
 * the calls of its methods goes through `upkeep`.
 */
export type ConnectProvider = (section: Readonly<Record<string, unknown>>, upkeep: Upkeep) => Promise<KmsProvider>

interface ProviderEntry {
  connect(): Promise<ConnectProvider>
  access(): Promise<ProviderAccess>
  limits(): Promise<ProviderLimits>
  disabling(): Promise<DescribeDisabling>
  /** What its audit trail can show. */
  trail(): Promise<ProviderTrail>
}

/**
 * Every provider by its name, each part loaded when it is asked for, so that nobody needs an SDK that he does not use. In
 * the environment an option such as `currentKey` of `local` is `WAXSEAL_LOCAL_CURRENT_KEY`.
 */
export const providers = {
  aws: {
    connect: async () => (await import('./aws/connect.js')).connectAws,
    access: async () => (await import('./aws/access.js')).awsAccess,
    limits: async () => (await import('./aws/limits.js')).awsLimits,
    disabling: async () => (await import('./aws/disabling.js')).awsDisabling,
    trail: async () => (await import('./aws/audit-trail.js')).awsTrail,
  },
  azure: {
    connect: async () => (await import('./azure/connect.js')).connectAzure,
    access: async () => (await import('./azure/access.js')).azureAccess,
    limits: async () => (await import('./azure/limits.js')).azureLimits,
    disabling: async () => (await import('./azure/disabling.js')).azureDisabling,
    trail: async () => (await import('./azure/audit-trail.js')).azureTrail,
  },
  gcp: {
    connect: async () => (await import('./gcp/connect.js')).connectGcp,
    access: async () => (await import('./gcp/access.js')).gcpAccess,
    limits: async () => (await import('./gcp/limits.js')).gcpLimits,
    disabling: async () => (await import('./gcp/disabling.js')).gcpDisabling,
    trail: async () => (await import('./gcp/audit-trail.js')).gcpTrail,
  },
  local: {
    connect: async () => (await import('./local/connect.js')).connectLocal,
    access: async () => (await import('./local/access.js')).localAccess,
    limits: async () => (await import('./local/limits.js')).localLimits,
    disabling: async () => (await import('./local/disabling.js')).localDisabling,
    trail: async () => (await import('./local/audit-trail.js')).localTrail,
  },
  vault: {
    connect: async () => (await import('./vault/connect.js')).connectVault,
    access: async () => (await import('./vault/access.js')).vaultAccess,
    limits: async () => (await import('./vault/limits.js')).vaultLimits,
    disabling: async () => (await import('./vault/disabling.js')).vaultDisabling,
    trail: async () => (await import('./vault/audit-trail.js')).vaultTrail,
  },
} satisfies Record<string, ProviderEntry>

export type ProviderName = keyof typeof providers

/** Makes a recipient that can only wrap from its section of the configuration. */
export type ConnectRecipient = (section: Readonly<Record<string, unknown>>) => Promise<WrapOnlyRecipient>

/** Recovery keys: what may stand among `recipients` and can be neither `provider` nor `accepted`. */
export const wrapOnlyRecipients = {
  offline: {
    connect: async () => (await import('./offline/connect.js')).connectOffline,
    disabling: async () => (await import('./offline/disabling.js')).offlineDisabling,
  },
} satisfies Record<string, { connect(): Promise<ConnectRecipient>; disabling(): Promise<DescribeDisabling> }>

export type WrapOnlyName = keyof typeof wrapOnlyRecipients

/** Makes a key that signs checkpoints from its section of the configuration. */
export type ConnectSigningKey = (section: Readonly<Record<string, unknown>>, upkeep: Upkeep) => Promise<KmsSigningKey>

/** The providers whose KMS signs, too. */
export const signingKeys = {
  aws: async () => (await import('./aws/signing-key.js')).connectAwsSigningKey,
  azure: async () => (await import('./azure/signing-key.js')).connectAzureSigningKey,
  gcp: async () => (await import('./gcp/signing-key.js')).connectGcpSigningKey,
  vault: async () => (await import('./vault/signing-key.js')).connectVaultSigningKey,
} satisfies Partial<Record<ProviderName, () => Promise<ConnectSigningKey>>>

export type SigningProviderName = keyof typeof signingKeys
