import { ConfigurationError } from '../../../src/errors.js'
import { parseJson, textAt } from '../../../src/kms/untrusted-json.js'

/** Of the record itself: an encryption context can hold a member of that name, too. */
export function accountOf(raw: string): string | undefined {
  return textAt(parseJson(raw), 'recipientAccountId')
}

/** Coverage of an account that was never read would make every call look as if it were missing. */
export function assertAccount(raw: string, account: string): void {
  const found = accountOf(raw)
  if (found === undefined || found === account) return
  throw new ConfigurationError(
    `provider "aws": the trail is configured for account ${account}, and the credentials read that of ${found}; mend "account" or the credentials`,
  )
}
