import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { closeOnSignals } from '../../../src/index.js'
import { node } from '../../setup/cli.js'
import { type Transpiled, transpile } from '../../setup/transpile.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let program: Transpiled
beforeAll(() => {
  program = transpile(root, 'test/unit/envelope/signalled-service.ts')
})
afterAll(() => program.remove())

/** `signalled-service.ts` in a process of its own. */
class Service {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>
  readonly said: string[] = []
  #waiting: () => void = () => undefined

  constructor() {
    this.#child = spawn(node, [program.file], { stdio: ['pipe', 'pipe', 'inherit'], env: {} })
    this.#exit = once(this.#child, 'close')
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.said.push(line)
      this.#waiting()
    })
  }

  /** Returns once it has said this, or rejects when it ended without. */
  async says(line: string): Promise<void> {
    const ended = this.#exit.then(() => {
      expect(this.said).toContain(line)
    })
    ended.catch(() => undefined)
    while (!this.said.includes(line)) {
      const next = new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
      await Promise.race([next, ended])
    }
  }

  tell(command: string): void {
    this.#child.stdin!.write(`${command}\n`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Exit code and signal, once all of its output is there. */
  ended(): Promise<unknown[]> {
    return this.#exit
  }
}

let service: Service | undefined
afterEach(() => service?.signal('SIGKILL'))

/** After these commands. What it said about them is left out of `said`. */
async function start(...commands: string[]): Promise<Service> {
  service = new Service()
  for (const command of commands) service.tell(command)
  for (const command of commands) await service.says(`> ${command}`)
  service.said.splice(0)
  return service
}

describe('when nobody else listens', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} lets an operation end, writes its end into the ledger, refuses another one, and ends the process`, async () => {
      const process = await start('start a')
      process.signal(signal)
      await process.says('a refuses: ERR_CIPHER_CLOSED')
      process.tell('answer a')
      expect(await process.ended()).toEqual([null, signal])
      expect(process.said).toEqual([
        ...['a closing', 'a refuses: ERR_CIPHER_CLOSED', '> answer a', 'a minted, in the ledger: succeeded'],
      ])
    })
  }

  test('a process ends when all of its ciphers have', async () => {
    const process = await start('start a', 'start b')
    process.signal('SIGTERM')
    await process.says('a closing')
    await process.says('b closing')
    process.tell('answer b')
    await process.says('b minted, in the ledger: succeeded')
    process.tell('wait b')
    await process.says('b closed')
    process.tell('answer a')
    expect(await process.ended()).toEqual([null, 'SIGTERM'])
    expect(process.said.at(-1)).toBe('a minted, in the ledger: succeeded')
  })

  test('a close that fails ends the process too', async () => {
    const process = await start('start-failing a')
    process.signal('SIGTERM')
    expect(await process.ended()).toEqual([null, 'SIGTERM'])
    expect(process.said).toEqual(['a closing'])
  })

  test('a second signal ends it at once', async () => {
    const process = await start('start a', 'start b')
    process.signal('SIGTERM')
    await process.says('b closing')
    process.signal('SIGINT')
    expect(await process.ended()).toEqual([null, 'SIGINT'])
    expect(process.said.filter((line) => line.includes('minted'))).toEqual([])
  })
})

test('an application that listens too, be it once, ends the process when it wants to', async () => {
  for (const how of ['on', 'once']) {
    const process = await start(`application-listens ${how}`, 'start a')
    process.signal('SIGTERM')
    await process.says('the application heard it')
    process.tell('answer a')
    process.tell('wait a')
    await process.says('a closed')
    process.tell('exit 7')
    expect(await process.ended()).toEqual([7, null])
  }
})

test('signals may be chosen, and it can stop listening', () => {
  const counts = () => (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => process.listenerCount(signal))
  const before = counts()
  const closable = { close: async () => undefined }
  const stops = [closeOnSignals(closable), closeOnSignals(closable, ['SIGHUP'])]
  expect(counts()).toEqual(before.map((count) => count + 1))
  for (const stop of stops) stop()
  expect(counts()).toEqual(before)
})
