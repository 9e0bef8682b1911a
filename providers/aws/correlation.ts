import { AsyncLocalStorage } from 'node:async_hooks'
import type { AwsKms } from './client.js'

/** One request on its way through the SDK. */
export interface SentRequest {
  /** Goes into the user agent, which CloudTrail shows. */
  readonly callToken: string | undefined
  /** The access key id that it was signed with. */
  principal?: string
}

/** What is used of the SDK's middleware: the request, once it is built, and the parts of the user agent. */
interface MiddlewareStack {
  add(
    middleware: <T>(next: (args: Built) => T, context: { userAgent?: [string, string][] }) => (args: Built) => T,
    options: { readonly step: 'build' | 'deserialize'; readonly name: string; readonly override: true },
  ): void
}
interface Built {
  readonly request?: { readonly headers?: Readonly<Record<string, string>> }
}

/** The SDK takes no options of ours along, and its middleware runs far below the call. */
const requests = new AsyncLocalStorage<SentRequest>()

export function correlated<T>(request: SentRequest, send: () => Promise<T>): Promise<T> {
  return requests.run(request, send)
}

/** Lets what passes through `client` be found in CloudTrail. Again for the same client, it changes nothing. */
export function correlate(client: Pick<AwsKms, 'middlewareStack'>): void {
  const stack = client.middlewareStack as unknown as MiddlewareStack
  stack.add(
    (next, context) => (args) => {
      const token = requests.getStore()?.callToken
      if (token !== undefined) context.userAgent = [...(context.userAgent ?? []), ['md/call', token]]
      return next(args)
    },
    { step: 'build', name: 'waxsealCallToken', override: true },
  )
  stack.add(
    (next) => (args) => {
      const [sent, principal] = [requests.getStore(), accessKeyIdOf(args)]
      if (sent && principal !== undefined) sent.principal = principal
      return next(args)
    },
    { step: 'deserialize', name: 'waxsealPrincipal', override: true },
  )
}

/** From the signature, since credentials can be replaced between two requests. */
function accessKeyIdOf({ request }: Built): string | undefined {
  return /Credential=(\w+)\//.exec(request?.headers?.['authorization'] ?? '')?.[1]
}
