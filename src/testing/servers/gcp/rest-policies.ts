import type { Message } from './grpc.js'
import { policyOf } from './iam.js'
import type { IamBinding } from './keys.js'

interface AuditConfig {
  readonly service: string
  readonly auditLogConfigs: readonly { readonly logType: string; readonly exemptedMembers?: readonly string[] }[]
}

/** The policy of a project, a folder or an organisation. */
interface TestPolicy {
  readonly bindings?: readonly IamBinding[]
  readonly auditConfigs?: readonly AuditConfig[]
}

/** What Resource Manager and IAM have. */
export interface TestPolicies {
  /** Of each project. */
  auditConfigs: readonly AuditConfig[]
  /** By the name of the resource. Folders and organisations are above each project, from the bottom to the top. */
  policies: Readonly<Record<string, TestPolicy>>
  /** What each role allows. */
  roles: Readonly<Record<string, readonly string[]>>
  /** What the caller may in a project. */
  permissions: readonly string[]
}

const LOGGED = ['DATA_READ', 'DATA_WRITE', 'ADMIN_READ'].map((logType) => ({ logType }))

/** A project of which everything is logged, and shown. */
export function testPolicies(): TestPolicies {
  return {
    auditConfigs: [{ service: 'cloudkms.googleapis.com', auditLogConfigs: LOGGED }],
    policies: {},
    roles: {},
    permissions: ['logging.logEntries.list', 'logging.privateLogEntries.list'],
  }
}

export function policyOperationOf(url: string): string | undefined {
  if (/\/v1\/projects\/[^/]+:testIamPermissions$/.test(url)) return 'TestIamPermissions'
  if (/\/v1\/projects\/[^/]+:getAncestry$/.test(url)) return 'GetAncestry'
  if (/\/v1\/(.+\/)?roles\/[^/]+$/.test(url)) return 'GetRole'
  const ofPolicy = /\/(v1\/projects|v3\/folders|v3\/organizations)\/[^/]+:getIamPolicy$/
  return ofPolicy.test(url) ? 'GetIamPolicy' : undefined
}

/** Undefined for what is not there, or not an operation of these. */
export function answerOf(
  operation: string,
  resource: string,
  asked: Message,
  { auditConfigs, policies, roles, permissions }: TestPolicies,
): Message | undefined {
  switch (operation) {
    case 'GetAncestry': {
      const above = Object.keys(policies).filter((each) => !each.startsWith('projects/'))
      return { ancestor: [resource, ...above].map(ancestorOf) }
    }
    case 'GetIamPolicy': {
      const own = policies[resource] ?? {}
      const configs = resource.startsWith('projects/') ? auditConfigs : own.auditConfigs
      return { ...policyOf(own.bindings, asked['options']), auditConfigs: configs }
    }
    case 'TestIamPermissions':
      return { permissions: permissions.filter((each) => (asked['permissions'] as string[]).includes(each)) }
    case 'GetRole':
      return roles[resource] && { name: resource, includedPermissions: roles[resource] }
    default:
      return undefined
  }
}

/** `folders/1` as `{ type: 'folder', id: '1' }`. */
function ancestorOf(resource: string): Message {
  const [type, id] = resource.split('/')
  return { resourceId: { type: type?.replace(/s$/, ''), id } }
}
