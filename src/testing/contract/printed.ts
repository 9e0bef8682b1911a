import { setImmediate } from 'node:timers/promises'

const CONSOLE_METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const

/** What `run` prints, by the console or past it. The console is watched as well: runners put their own in its place. */
export async function printedWhile(run: () => Promise<void>): Promise<string> {
  // What the runner has to say of the test before this one: Node's own says it a turn later, in the same process.
  await setImmediate()
  let printed = ''
  const { stdout, stderr } = process
  const restore = [
    ...[stdout, stderr].map((stream) => {
      const write = stream.write
      stream.write = (chunk: string | Uint8Array) => {
        printed += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
        return true
      }
      return () => {
        stream.write = write
      }
    }),
    ...CONSOLE_METHODS.map((method) => {
      const print = console[method]
      console[method] = (...values: unknown[]) => {
        printed += `${values.join(' ')}\n`
      }
      return () => {
        console[method] = print
      }
    }),
  ]
  try {
    await run()
  } finally {
    for (const each of restore) each()
  }
  return printed
}
