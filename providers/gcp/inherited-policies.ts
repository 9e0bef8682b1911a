import { type JsonObject, listAt, textAt } from '../../src/kms/untrusted-json.js'
import type { GcpRestApi } from './rest-api.js'

/** The IAM policy of a resource, as it was answered. */
export interface ResourcePolicy {
  readonly resource: string
  readonly policy: JsonObject
}

export interface FoundPolicies {
  readonly policies: readonly ResourcePolicy[]
  /** What could not be read, in a sentence each. */
  readonly unread: readonly string[]
}

/** With less, a condition is left out and its role has another name. */
export const WITH_CONDITIONS = { requestedPolicyVersion: 3 } as const

/** The policies of a project and of the folders and the organisation above it: what they say holds for all that is below. */
export async function inheritedPolicies(api: GcpRestApi, project: string, signal: AbortSignal): Promise<FoundPolicies> {
  const policies: ResourcePolicy[] = []
  const unread: string[] = []
  const ask = async (what: string, path: string, body: object): Promise<JsonObject | undefined> => {
    try {
      const { status, code, result } = await api.ask('POST', 'resources', path, body, signal)
      if (status === 200) return result
      unread.push(`${what} could not be read: ${code}`)
    } catch (error) {
      signal.throwIfAborted()
      unread.push(`${what} could not be read: ${(error as Error).message}`)
    }
    return undefined
  }
  const ancestry = await ask(`what is above ${project}`, `/v1/${project}:getAncestry`, {})
  for (const resource of [project, ...listAt(ancestry, 'ancestor').flatMap(containerOf)]) {
    // The third version wants the number of a project where there is only an id.
    const version = resource === project ? 'v1' : 'v3'
    const path = `/${version}/${resource}:getIamPolicy`
    const policy = await ask(`the policy of ${resource}`, path, { options: WITH_CONDITIONS })
    if (policy) policies.push({ resource, policy })
  }
  return { policies, unread }
}

/** A folder or an organisation. */
function containerOf(ancestor: unknown): string[] {
  const [type, id] = [textAt(ancestor, 'resourceId', 'type'), textAt(ancestor, 'resourceId', 'id') ?? '']
  return type !== 'project' && /^\d+$/.test(id) ? [`${type}s/${id}`] : []
}
