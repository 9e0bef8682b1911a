import { randomUUID } from 'node:crypto'
import { IAM } from '@aws-sdk/client-iam'
import { awsPolicy } from '../../providers/aws/policy.js'
import type { AccessRole } from '../../src/kms/access.js'
import { type AwsIdentity, OPERATOR } from '../providers/aws-under-test.js'

interface NamedPolicy {
  readonly PolicyName: string
  readonly PolicyDocument: string
}

interface EmulatedIdentity extends AwsIdentity {
  readonly arn: string
}

/** The IAM of an emulator that enforces it: an identity is a user with what `waxseal policy aws` prints, and no more. */
export class AwsIam {
  readonly #iam: IAM
  readonly #denied: (() => Promise<void>)[] = []

  constructor(endpoint: string) {
    this.#iam = new IAM({ endpoint, region: 'us-east-1', credentials: OPERATOR, maxAttempts: 1 })
  }

  identity(key: string, roles: readonly AccessRole[], entities: readonly string[] = []): Promise<EmulatedIdentity> {
    return this.#user(roles.map((role) => policyOf(role, key, entities)))
  }

  /**
   * A service that stores credentials and rewraps them: what the contract does. LocalEmu looks for the key of `ReEncrypt` in
   * a member that the request does not have, and then wants the permission for all keys.
   */
  service(key: string): Promise<EmulatedIdentity> {
    const Action = ['kms:ReEncryptFrom', 'kms:ReEncryptTo']
    const Statement = [{ Effect: 'Allow', Action, Resource: key.replace(/[^/]+$/, '*') }]
    const rewraps = { PolicyName: 'all-keys', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }
    return this.#user([policyOf('writer', key), policyOf('rotator', key), rewraps])
  }

  /** Every identity that was denied has its policies again. */
  async restore(): Promise<void> {
    await Promise.all(this.#denied.splice(0).map((allow) => allow()))
  }

  async #user(policies: readonly NamedPolicy[]): Promise<EmulatedIdentity> {
    const UserName = `user-${randomUUID()}`
    const { User } = await this.#iam.createUser({ UserName })
    const allow = async () => {
      await Promise.all(policies.map((policy) => this.#iam.putUserPolicy({ UserName, ...policy })))
    }
    await allow()
    const { AccessKey } = await this.#iam.createAccessKey({ UserName })
    return {
      arn: User!.Arn!,
      accessKeyId: AccessKey!.AccessKeyId!,
      secretAccessKey: AccessKey!.SecretAccessKey!,
      deny: async () => {
        await Promise.all(policies.map(({ PolicyName }) => this.#iam.deleteUserPolicy({ UserName, PolicyName })))
        this.#denied.push(allow)
      },
    }
  }
}

function policyOf(role: AccessRole, key: string, entities: readonly string[] = []): NamedPolicy {
  const [policy] = awsPolicy({ role, key, entities })
  return { PolicyName: role, PolicyDocument: policy!.text }
}
