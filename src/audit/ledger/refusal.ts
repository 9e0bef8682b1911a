import { ConfigurationError } from '../../errors.js'

/** SQLSTATEs of a server that has no such database, schema, table or column, or not for us. */
const REFUSALS = /^(3D000|3F000|42P01|42703|42501|28\w{3})$/

/** Whether waiting is of no use: Postgres is there, and refuses. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.test(codeOf(error))
}

export function refusedBy(error: unknown): ConfigurationError {
  return new ConfigurationError(
    `ledger: Postgres refuses the tables of the audit (${codeOf(error)}); create them with "waxseal schema install", and let the role write them with "waxseal audit grants --role application"`,
  )
}

/** The code alone: what a driver says can repeat a value. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  return String(code ?? name ?? 'unknown')
}
