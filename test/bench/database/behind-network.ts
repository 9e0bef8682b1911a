import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The url of the same database with a round trip of 1 ms. The network ends with the returned function, or with us. */
export async function behindNetwork(url: string): Promise<{ url: string; stop(): void }> {
  const far = new URL(url)
  const program = fileURLToPath(new URL('delaying-proxy.js', import.meta.url))
  const proxy = spawn(process.execPath, [program, far.port], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [port] = await once(proxy.stdout, 'data')
  far.port = String(port).trim()
  return { url: far.href, stop: () => void proxy.stdin.end() }
}
