import { ConfigurationError } from '../errors.js'

/** Runs something that an interrupt ends where it can be taken up again. A second one ends the process at once. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort(new ConfigurationError('stopped before its end'))
  for (const signal of SIGNALS) process.once(signal, abort)
  try {
    return await run(controller.signal)
  } finally {
    for (const signal of SIGNALS) process.off(signal, abort)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
