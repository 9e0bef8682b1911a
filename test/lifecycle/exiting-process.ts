import { EnvelopeCipher } from '../../src/index.js'
import { joinFleet } from '../../src/lifecycle/index.js'
import { FaultyProvider } from '../../src/testing/index.js'

/** Joins, leaves where it is told to, and has nothing else to do: run in a process of its own by `fleet-exit.test.ts`. */
const { DATABASE_URL = '', LEAVES } = process.env
const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
const member = await joinFleet({ cipher, connection: DATABASE_URL })
process.stdout.write('joined\n')
if (LEAVES) {
  await member.leave()
  process.stdout.write('left\n')
}
