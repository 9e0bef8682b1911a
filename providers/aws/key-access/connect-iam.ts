import { listAt, textAt } from '../../../src/kms/untrusted-json.js'
import type { AccountDetails } from './identities.js'

/** Every user, group, role and policy in use of the account that the credentials are of. Rejects as the SDK does. */
export async function readAccount(region: string): Promise<AccountDetails> {
  const { IAM } = await import('@aws-sdk/client-iam')
  const iam = new IAM({ region })
  const pages: unknown[] = []
  try {
    let Marker: string | undefined
    do {
      const page: unknown = await iam.getAccountAuthorizationDetails({ MaxItems: 1_000, ...(Marker && { Marker }) })
      pages.push(page)
      Marker = textAt(page, 'Marker')
    } while (Marker !== undefined)
  } finally {
    iam.destroy()
  }
  const all = (name: keyof AccountDetails) => pages.flatMap((page) => listAt(page, name))
  return {
    UserDetailList: all('UserDetailList'),
    GroupDetailList: all('GroupDetailList'),
    RoleDetailList: all('RoleDetailList'),
    Policies: all('Policies'),
  }
}
