import { type ProviderName, providers } from '../../../providers/index.js'
import { cipherOf } from '../../config/connect-cipher.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { SharedBudget } from '../../jobs/index.js'
import { BudgetProvider } from '../../kms/budget-provider.js'
import type { ProviderLimits } from '../../kms/limits.js'
import type { Queryable } from '../../postgres/queryable.js'

/** A call may have to wait for its turn, behind those of all other processes. */
const TIMEOUT_MS = 60_000

/**
 * The cipher for a long run: its calls wait for their turns at the rate that all processes on the database share. Without a
 * rate, that is what the vendor allows.
 */
export async function budgetedCipher(
  configuration: LoadedConfiguration,
  pool: Queryable,
  rate: number | undefined,
): Promise<EnvelopeCipher> {
  const limits = await limitsOfAll(configuration)
  const budget = new SharedBudget(pool, ({ provider }) => rate ?? limits.get(provider)?.callsPerSecond)
  return cipherOf(configuration, {
    timeoutMs: TIMEOUT_MS,
    decorate: (provider) => {
      const calls = limits.get(provider.name)?.calls as Readonly<Record<string, number>> | undefined
      return new BudgetProvider(provider, { budget, callsOf: (operation) => calls?.[operation] ?? 1 })
    },
  })
}

async function limitsOfAll({ provider, recipients, accepted }: LoadedConfiguration) {
  const names = [provider, ...recipients, ...accepted.map((each) => each.provider)].map(({ name }) => name)
  const found = await Promise.all(names.map(async (name) => [name, await limitsOf(name)] as const))
  return new Map(found)
}

/** Undefined where the provider is of the user's own. */
export async function limitsOf(provider: string): Promise<ProviderLimits | undefined> {
  return Object.hasOwn(providers, provider) ? providers[provider as ProviderName].limits() : undefined
}
