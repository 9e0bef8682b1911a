import { ConfigurationError } from '../../../src/errors.js'

const DAY = 86_400_000

export function accountOption(account: string | undefined): string {
  if (account !== undefined && /^\d{12}$/.test(account)) return account
  throw new ConfigurationError(
    `provider "aws": the option "account" of a trail must be the 12 digits of the account whose events it holds, found ${account === undefined ? 'none' : `"${account}"`}`,
  )
}

/** Milliseconds. */
export function daysOption(name: string, text: string | undefined, most: number): number {
  const days = text === undefined ? most : Number(text)
  if (Number.isInteger(days) && days >= 0 && days <= most) return days * DAY
  throw new ConfigurationError(`provider "aws": "${name}" must be a whole number from 0 to ${most}, found "${text}"`)
}
