import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { node } from '../setup/cli.js'
import { type Transpiled, transpile } from '../setup/transpile.js'

export interface FleetProcess {
  readonly child: ChildProcess
  /** One line on its standard input; resolves when it was done. */
  tell(line: string): Promise<void>
  /** Kills it, and waits for its end. */
  kill(): Promise<void>
}

/** Real processes of `fleet-process.ts`. */
export class FleetProcesses {
  readonly #transpiled: Transpiled = transpile(
    fileURLToPath(new URL('../../', import.meta.url)),
    'test/census/fleet-process.ts',
  )
  #started: FleetProcess[] = []

  async start(env: Readonly<Record<'DATABASE_URL' | 'KEYS' | 'CURRENT_KEY' | 'LABEL', string>>): Promise<FleetProcess> {
    const child = spawn(node, [this.#transpiled.file], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface(child.stdout)
    await lineOf(lines)
    const started = {
      child,
      async tell(line: string) {
        child.stdin.write(`${line}\n`)
        await lineOf(lines)
      },
      async kill() {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill('SIGKILL')
        await once(child, 'exit')
      },
    }
    this.#started.push(started)
    return started
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#started.map((each) => each.kill()))
    this.#started = []
  }

  remove(): void {
    this.#transpiled.remove()
  }
}

async function lineOf(lines: Interface): Promise<void> {
  await once(lines, 'line')
}
