import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { builtPackage, node } from '../setup/cli.js'

/** A command that goes on until it is ended, and the objects that it prints. */
export class Running {
  readonly #child
  readonly #events: Record<string, any>[] = []
  readonly #ended: Promise<unknown[]>
  #errors = ''
  readonly #lines

  constructor(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(node, [join(builtPackage(), 'dist/esm/src/cli/main.js'), ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#ended = once(this.#child, 'close')
    this.#child.stderr.on('data', (chunk) => {
      this.#errors += chunk
    })
    this.#lines = createInterface({ input: this.#child.stdout })
    this.#lines.on('line', (line) => this.#events.push(JSON.parse(line)))
  }

  /** The first event of a type. Rejects when it ends without one. */
  event(type: string): Promise<Record<string, any>> {
    return this.object(type, (event) => event['type'] === type)
  }

  /** Likewise, the first object of which something holds. */
  async object(what: string, holds: (object: Record<string, any>) => boolean): Promise<Record<string, any>> {
    for (;;) {
      const found = this.#events.find(holds)
      if (found) return found
      const ended = this.#ended.then((how) => {
        throw new Error(`it ended (${String(how)}) without ${what}: ${this.#errors}`)
      })
      await Promise.race([once(this.#lines, 'line'), ended])
    }
  }

  count(type: string): number {
    return this.#events.filter((event) => event['type'] === type).length
  }

  /** Its exit code and the signal that it died of. */
  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<unknown[]> {
    this.#child.kill(signal)
    return this.#ended
  }
}
