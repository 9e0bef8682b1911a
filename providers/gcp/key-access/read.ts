import type { KeyAccess } from '../../../src/kms/key-access.js'
import { assertKeyNames } from '../../../src/kms/options.js'
import type { CallOptions } from '../../../src/kms/provider.js'
import { listAt } from '../../../src/kms/untrusted-json.js'
import { closeClient, type GcpInquiries, type GcpKms } from '../client.js'
import { connectGcpClient } from '../connect.js'
import { type FoundPolicies, inheritedPolicies, type ResourcePolicy, WITH_CONDITIONS } from '../inherited-policies.js'
import { isKeyName, KEY_NAME_EXPECTED } from '../key-name.js'
import { headersOf, refusalOf, reported } from '../reported.js'
import type { GcpRestApi } from '../rest-api.js'
import { connectRest } from './connect-rest.js'
import { gcpPrincipals, type Role, rolesIn } from './principals.js'

const LIMITS = [
  'Google Cloud: who is in a group or a domain, who may act as a service account, and who may change a custom role is not followed: whoever may is as good as the one who is listed.',
  'Google Cloud: deny policies, principal access boundaries, VPC Service Controls and key access justifications only take away, and are not looked at.',
  'Google Cloud: who may export versions that have trusted wrapping enabled is not listed: they leave their key ring for an HSM alone.',
]
const TIMEOUT_MS = 4_000
const ROLE = /^((projects|organizations)\/[\w.:-]+\/)?roles\/[\w.]+$/

/** The policies of each key of the section, of its ring, project, folders and organisation, and the roles in them. */
export async function readGcpKeyAccess(
  section: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<readonly KeyAccess[]> {
  const { client, key, previousKeys, credentials } = await connectGcpClient(section)
  const keys = [key, ...previousKeys]
  assertKeyNames('gcp', keys, isKeyName, KEY_NAME_EXPECTED)
  const api = credentials && (await connectRest(credentials.quotaProject))
  try {
    return await keyAccessOf({ client, api, keys }, options)
  } finally {
    await closeClient(client)
  }
}

export interface GcpKeyAccessSources {
  readonly client: GcpKms & GcpInquiries
  /** Undefined: there are no credentials to ask with. */
  readonly api: GcpRestApi | undefined
  readonly keys: readonly string[]
}

export async function keyAccessOf(
  { client, api, keys }: GcpKeyAccessSources,
  options: CallOptions,
): Promise<readonly KeyAccess[]> {
  const { signal = new AbortController().signal } = options
  const inherited = new Map<string, FoundPolicies>()
  const roles = new Map<string, Role>()
  const found: KeyAccess[] = []
  for (const key of keys) {
    const [project, ring] = [/^projects\/[^/]+/.exec(key)![0], key.replace(/\/cryptoKeys\/.*$/, '')]
    const own = [await policyOf(client, key, options), await policyOf(client, ring, options)]
    const above = inherited.get(project) ?? (await policiesAbove(api, project, signal))
    inherited.set(project, above)
    const policies = [...own.flatMap((each) => ('policy' in each ? each : [])), ...above.policies]
    for (const role of rolesIn(policies)) if (!roles.has(role)) roles.set(role, await readRole(api, role, signal))
    const { principals, unread } = gcpPrincipals({ policies, roles })
    const refused = own.flatMap((each) => ('unread' in each ? each.unread : []))
    found.push({
      ...{ provider: 'gcp', kekId: key, principals, limits: LIMITS },
      unread: [...refused, ...above.unread, ...unread],
    })
  }
  return found
}

const NO_CREDENTIALS = '"insecure" sends no credentials'

async function policiesAbove(
  api: GcpRestApi | undefined,
  project: string,
  signal: AbortSignal,
): Promise<FoundPolicies> {
  if (api) return inheritedPolicies(api, project, signal)
  return { policies: [], unread: [`the policies of ${project} and above could not be read: ${NO_CREDENTIALS}`] }
}

/** Of a key or a key ring, which Cloud KMS has. */
async function policyOf(
  client: GcpKms & GcpInquiries,
  resource: string,
  options: CallOptions,
): Promise<ResourcePolicy | { readonly unread: string }> {
  const headers = headersOf(`resource=${encodeURIComponent(resource)}`, options)
  const passed = { timeout: TIMEOUT_MS, retry: null, otherArgs: { headers } }
  const request = { resource, options: WITH_CONDITIONS }
  try {
    const [policy] = await reported('GetIamPolicy', 'request', options, async () => {
      await client.initialize()
      return client.getIamPolicy(request, passed)
    })
    return { resource, policy: { ...policy } }
  } catch (error) {
    const { status } = refusalOf('GetIamPolicy', error)
    return { unread: `the policy of ${resource} could not be read: ${status}` }
  }
}

async function readRole(api: GcpRestApi | undefined, role: string, signal: AbortSignal): Promise<Role> {
  if (!api) return { unread: NO_CREDENTIALS }
  if (!ROLE.test(role)) return { unread: 'its name is not of the form that is known' }
  try {
    const { status, code, result } = await api.ask('GET', 'iam', `/v1/${role}`, undefined, signal)
    if (status !== 200) return { unread: code }
    return { permissions: listAt(result, 'includedPermissions').map(String) }
  } catch (error) {
    signal.throwIfAborted()
    return { unread: (error as Error).message }
  }
}
