import { AsyncLocalStorage } from 'node:async_hooks'

const tenants = new AsyncLocalStorage<string>()

/** What a middleware does with the tenant of a request. */
export function runAsTenant<T>(tenantId: string, run: () => Promise<T>): Promise<T> {
  return tenants.run(tenantId, run)
}

/** Undefined outside of requests, in jobs for example. */
export function currentTenant(): string | undefined {
  return tenants.getStore()
}
