import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { node } from '../setup/cli.js'
import type { Setting } from './setting.js'

/** A process of a test that speaks: `ready` first, then what it has to say at its end. */
export class Child {
  readonly #process: ChildProcess
  readonly #said: unknown[] = []
  readonly ended: Promise<unknown>
  #errors = ''

  private constructor(file: string, env: Readonly<Record<string, string>>) {
    this.#process = spawn(node, [file], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.stderr!.on('data', (chunk) => {
      this.#errors += chunk
    })
    this.#process.on('message', (message) => this.#said.push(message))
    // What it said last may come after its end.
    this.ended = Promise.all([once(this.#process, 'close'), once(this.#process, 'disconnect')])
  }

  static async start(file: string, setting: Setting, env: Readonly<Record<string, string>> = {}): Promise<Child> {
    const child = new Child(file, { SETTING: JSON.stringify(setting), ...env })
    const ended = child.ended.then(() => {
      if (child.#said.length === 0) throw new Error(`the process ended before it was ready: ${child.#errors}`)
    })
    await Promise.race([once(child.#process, 'message'), ended])
    return child
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }

  stop(): void {
    this.#process.send('stop')
  }

  /** The last that it said, once it has ended. */
  async last(): Promise<unknown> {
    await this.ended
    if (this.#said.length < 2)
      throw new Error(
        `the process ended without its report (${this.#process.exitCode ?? this.#process.signalCode}): ${this.#errors}`,
      )
    return this.#said.at(-1)
  }
}
