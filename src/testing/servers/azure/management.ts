import type { IncomingMessage } from 'node:http'
import { AzureRefusal } from './azure-refusal.js'

/** What Azure Resource Manager says of resources, by their ids: a test puts there what it wants to be told. */
export class ManagementDocuments {
  readonly #documents = new Map<string, object>()

  /** Ids are compared without case. */
  set(id: string, document: object): void {
    this.#documents.set(id.toLowerCase(), document)
  }

  clear(): void {
    this.#documents.clear()
  }

  answer({ url = '/' }: IncomingMessage): object {
    const found = this.#documents.get(decodeURIComponent(new URL(url, 'https://management').pathname).toLowerCase())
    if (found) return found
    throw new AzureRefusal(404, 'ResourceNotFound', 'the resource was not found')
  }
}

export function isOfManagement({ url = '/' }: IncomingMessage): boolean {
  return /^\/(subscriptions|providers)\//i.test(url)
}
