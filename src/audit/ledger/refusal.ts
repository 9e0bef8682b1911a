import { ConfigurationError } from '../../errors.js'

/** SQLSTATEs of a server that has no such database, schema, table or column, or not for us. */
const REFUSALS = /^(3D000|3F000|42P01|42703|42501|28\w{3})$/

/** Whether waiting is of no use: Postgres is there, and refuses. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.test(codeOf(error))
}

/** SQLSTATEs of values that no column, constraint or index takes, whenever they come. */
const VALUES = /^(22|23|54)/

/** Whether it is the row's fault, and the same row would be refused again. A month without a partition has no constraint's name. */
export function isOfRow(error: unknown): boolean {
  const { constraint } = (error ?? {}) as { readonly constraint?: unknown }
  return VALUES.test(codeOf(error)) && (codeOf(error) !== '23514' || constraint !== undefined)
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
