import { type LogPlace, namesOf } from './diagnostic-settings.js'

const ARRIVES = 'logs-go-to-the-account'

/** The storage account of a container. Their names are unique in a cloud. */
export function accountPlace(containerUrl: string): LogPlace {
  const account = accountIn(new URL(containerUrl))
  return {
    checks: [ARRIVES],
    async judge(sending) {
      if (account === undefined) {
        const evidence = `of which account ${containerUrl} is cannot be told from its host`
        return [{ id: ARRIVES, state: 'unknown', evidence, remedy: 'name it by <account>.blob.core.windows.net' }]
      }
      const here = sending.filter((each) => each.storageAccountId?.toLowerCase().endsWith(`/${account}`))
      if (here.length > 0) return [{ id: ARRIVES, state: 'ok', evidence: `${namesOf(here)} sends to ${account}` }]
      const evidence = `no diagnostic setting sends the category AuditEvent to ${account}`
      return [{ id: ARRIVES, state: 'failed', evidence, remedy: 'mend "containerUrl", or send the category there' }]
    },
  }
}

/** The first label of the host, or, as emulators have it, the first of two segments of the path. */
function accountIn({ hostname, pathname }: URL): string | undefined {
  const [, first, second] = pathname.split('/')
  return /^([a-z0-9]+)\.(?:z\d+\.)?blob\./.exec(hostname)?.[1] ?? (second ? first?.toLowerCase() : undefined)
}
