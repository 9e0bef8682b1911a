import { EnvelopeCipher } from '../../src/index.js'
import { joinFleet } from '../../src/lifecycle/index.js'
import { FaultyProvider } from '../../src/testing/index.js'

/** Joins and has nothing else to do: run in a process of its own by `fleet-exit.test.ts`. */
const { DATABASE_URL = '' } = process.env
const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
await joinFleet({ cipher, connection: DATABASE_URL })
process.stdout.write('joined\n')
