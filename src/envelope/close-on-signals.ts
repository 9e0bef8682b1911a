/** An `EnvelopeCipher`, or `{ close: () => dataSource.destroy() }`. */
export interface Closable {
  close(): Promise<unknown>
}

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

/** Our listeners, of whichever copy of the library: they close, and decide nothing about the process. */
const OURS = Symbol.for('waxseal.close-on-signals')

/**
 * Closes when the process is asked to end. Returns a function that listens no longer.
 *
 * A listener takes away Node's own answer to a signal, which is to end. So when nobody else listens to it, the process ends by
 * the same signal once all is closed, or failed to; a second signal ends it at once. When the application listens too, the
 * end is the application's affair.
 */
export function closeOnSignals(closable: Closable, signals: readonly Signal[] = ['SIGTERM', 'SIGINT']): () => void {
  let closing = false
  const stop = () => {
    for (const signal of signals) process.off(signal, listener)
  }
  const onSignal = (signal: NodeJS.Signals) => {
    const alone = process.listeners(signal).every((each) => OURS in each)
    const leave = () => {
      stop()
      if (alone && process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    }
    if (closing) return leave()
    closing = true
    closable.close().then(leave, leave)
  }
  const listener = Object.assign(onSignal, { [OURS]: true })
  // First, to see those that listen once: they are gone before the next one is called.
  for (const signal of signals) process.prependListener(signal, listener)
  return stop
}
