import type { AwsProviderOptions } from '../../providers/aws/index.js'

type Client = AwsProviderOptions['client']
type Members = Readonly<Record<string, unknown>>

/** The SDK's client, with what it sends watched and what came back changed, by the vendor's name of the operation. */
export function changedReplies(
  client: Client,
  change: (reply: Members, operation: string) => object,
  watch: (request: Members, operation: string) => unknown = () => undefined,
): Client {
  const names = ['decrypt', 'describeKey', 'encrypt', 'generateDataKey', 'reEncrypt'] as const
  const methods = names.map((name) => {
    const operation = `${name[0]!.toUpperCase()}${name.slice(1)}`
    const send = client[name].bind(client) as (request: object, options?: object) => Promise<object>
    const call = async (request: object, options?: object) => {
      watch(request as Members, operation)
      return change((await send(request, options)) as Members, operation)
    }
    return [name, call] as const
  })
  return { ...Object.fromEntries(methods), middlewareStack: client.middlewareStack } as object as Client
}
