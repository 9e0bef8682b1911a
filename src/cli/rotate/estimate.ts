import type { ProviderLimits } from '../../kms/limits.js'
import type { PlannedOperations } from '../../rotation/index.js'
import { limitsOf } from './budgeted-cipher.js'

/** What the operator knows better than the vendor's page. */
export interface Limits {
  /** Calls a second. */
  readonly rate?: number
  /** US dollars for 10,000 calls. */
  readonly price?: number
}

export interface Estimate {
  readonly provider: string
  readonly calls: number
  /** US dollars. */
  readonly cost?: number
  /** At the whole quota, which the application needs a part of. */
  readonly seconds?: number
  readonly sources: readonly string[]
}

/** Calls, cost and time of what is planned at each provider. Of one that is nobody's here, only what the operator says. */
export async function estimate(operations: PlannedOperations, { rate, price }: Limits): Promise<Estimate[]> {
  const estimates: Estimate[] = []
  for (const [provider, counts] of Object.entries(operations)) {
    const limits = await limitsOf(provider)
    const calls = Object.entries(counts).reduce((sum, [operation, rows]) => {
      return sum + rows * (limits?.calls[operation as keyof ProviderLimits['calls']] ?? 1)
    }, 0)
    const dollars = price ?? limits?.pricePer10000Calls
    const perSecond = rate ?? limits?.callsPerSecond
    estimates.push({
      ...{ provider, calls, sources: limits?.sources ?? [] },
      ...(dollars !== undefined && { cost: (calls * dollars) / 10_000 }),
      ...(perSecond !== undefined && { seconds: calls / perSecond }),
    })
  }
  return estimates
}
