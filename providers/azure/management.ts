import { request } from 'node:https'
import { isWaxsealError } from '../../src/errors.js'
import { systemClock } from '../../src/kms/clock.js'
import { withDeadline } from '../../src/kms/deadline.js'
import { listAt, objectAt, parseJson, textAt } from '../../src/kms/untrusted-json.js'
import { vendorError } from '../../src/kms/vendor-failure.js'
import type { AzureTokens } from './connect.js'
import { azureFailureOf } from './errors.js'

/** What Azure Resource Manager said, or why it did not: never nothing for what could not be looked at. */
export type ManagementAnswer<T> = { readonly found: T } | { readonly unread: string }

export interface ManagementPlace {
  /** Undefined: it is not known. */
  readonly origin: string | undefined
  readonly tokens: AzureTokens
  readonly tls: { readonly tlsOptions?: { readonly ca: string } }
}

const TIMEOUT_MS = 10_000
/** Each of a hundred at the least: more than a subscription may have role assignments. */
const MOST_PAGES = 100

/**
 * Looks at resources; changes nothing. Rejects with a `WaxsealError` where it is not reached or fails, or with the reason of
 * the signal.
 */
export class AzureManagement {
  readonly #place: ManagementPlace

  constructor(place: ManagementPlace) {
    this.#place = place
  }

  /** One resource, by its id. */
  get(id: string, apiVersion: string, signal?: AbortSignal): Promise<ManagementAnswer<unknown>> {
    return this.#send(withQuery(id, { 'api-version': apiVersion }), signal)
  }

  /** All pages of a collection. */
  async list(
    path: string,
    query: { readonly 'api-version': string; readonly $filter?: string },
    signal?: AbortSignal,
  ): Promise<ManagementAnswer<readonly unknown[]>> {
    const found: unknown[] = []
    let next: string | undefined = withQuery(path, query)
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const answer: ManagementAnswer<unknown> = await this.#send(next, signal)
      if ('unread' in answer) return answer
      found.push(...listAt(answer.found, 'value'))
      next = textAt(answer.found, 'nextLink')
      if (next === undefined) return { found }
    }
    return { unread: `Azure Resource Manager has more than ${MOST_PAGES} pages of it` }
  }

  async #send(target: string, signal?: AbortSignal): Promise<ManagementAnswer<unknown>> {
    const { origin, tokens, tls } = this.#place
    if (origin === undefined) return { unread: 'the Resource Manager of the cloud of "vaultUrl" is not known' }
    // Ids and next pages come from replies, and the token goes where the request goes.
    const url = URL.canParse(target, origin) ? new URL(target, origin) : undefined
    if (url?.origin !== origin) return { unread: `a reply names another host than ${origin}` }
    const call = { provider: 'azure', operation: `GET ${url.pathname}` }
    try {
      const limits = { deadline: systemClock.now() + TIMEOUT_MS, ...(signal && { signal }) }
      const { status, text } = await withDeadline(
        `provider "azure": ${call.operation}`,
        limits,
        systemClock,
        async (to) => {
          const { token } = (await tokens.getToken(`${origin}/.default`)) ?? {}
          return fetched(url, { token, ca: tls.tlsOptions?.ca, signal: to.signal })
        },
      )
      const body = parseJson(text)
      if (status === 200 && objectAt(body)) return { found: body }
      const failure = status === 429 ? 'throttled' : status >= 500 ? 'server' : undefined
      if (failure) throw vendorError(failure, { ...call, status: String(status) })
      return { unread: `Azure Resource Manager answered ${status} ${textAt(body, 'error', 'code') ?? ''}`.trim() }
    } catch (error) {
      signal?.throwIfAborted()
      if (isWaxsealError(error)) throw error
      const { failure, status } = azureFailureOf(error, undefined)
      if (failure === 'denied') return { unread: `there is no token for Azure Resource Manager: ${status}` }
      throw vendorError(failure, { ...call, status })
    }
  }
}

const withQuery = (path: string, query: Readonly<Record<string, string>>) => `${path}?${new URLSearchParams(query)}`

interface Fetch {
  readonly token: string | undefined
  readonly ca: string | undefined
  readonly signal: AbortSignal
}

/** By Node's own client, to which a certificate can be given; it follows no redirect. */
function fetched(url: URL, { token, ca, signal }: Fetch): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
    const sent = request(url, { headers, signal, ...(ca !== undefined && { ca }) }, async (reply) => {
      try {
        const chunks: Buffer[] = []
        for await (const chunk of reply) chunks.push(chunk)
        resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
      } catch (error) {
        reject(error)
      }
    })
    sent.on('error', reject).end()
  })
}
