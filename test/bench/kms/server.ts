import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestKmsVendor } from 'waxseal/testing'

export interface KmsServer {
  readonly endpoint: string
  /** For its clients. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** A test server in a process of its own, as `waxseal test-kms` runs it: what it spends on the CPU is not ours. */
export async function startKmsServer(vendor: TestKmsVendor): Promise<KmsServer> {
  const command = new URL('../../../dist/esm/src/cli/main.js', import.meta.url).pathname
  const child = spawn(process.execPath, [command, 'test-kms', vendor, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  let printed = ''
  // Read to its end: a loop that is left closes the pipe, and who writes to it then is ended.
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      printed += chunk
      if (printed.trimEnd().endsWith('\n}')) resolve()
    })
  })
  await Promise.race([ready, ended])
  const { endpoint, environment } = JSON.parse(printed)
  return {
    endpoint,
    environment,
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}
