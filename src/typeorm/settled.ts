/** Marks a rejection as handled. `Promise.all` in TypeORM sees it all the same, unless another row failed first. */
export function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

/** Runs what must not throw synchronously in a hook: its error is a rejection, and there is none without one. */
export function checked(check: () => void): Promise<never> | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return settled(Promise.reject(error))
  }
}
