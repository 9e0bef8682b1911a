import { randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { listen } from '../../src/testing/servers/http-listener.js'

/** Below those that the system gives to whoever asks for any: one that is free stays so until its user listens there. */
const [FIRST, END] = [20_000, 32_768]

/** A port of the loopback interface for a program that has to be told which. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END)
    const listener = await listen(createServer(), port).catch(() => undefined)
    if (!listener) continue
    await listener.close()
    return port
  }
}
