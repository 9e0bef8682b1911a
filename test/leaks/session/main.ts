import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Canaries, type Side } from '../canaries.js'
import type { Scenario } from './scenario.js'
import { spans } from './surfaces/spans.js'

/** What the test that starts the session says on standard input. */
export interface Order {
  readonly url: string
  /** For what the session leaves to the test: `places.json` and `canaries.jsonl`. */
  readonly folder: string
}

const order = JSON.parse(await text(process.stdin)) as Order
// After the tracer has taken its place.
const { openWorld } = await import('./world.js')
const { allScenarios } = await import('./scenarios/index.js')
const { inTheOpen } = await import('./scenarios/in-the-open.js')
const { typeormLoggers } = await import('./surfaces/typeorm-loggers.js')
const { printers } = await import('./surfaces/printers.js')
const { pinoLoggers } = await import('./surfaces/pino.js')

const loggers = typeormLoggers(order.folder)
const surfaces = [spans(), loggers, printers(), pinoLoggers()]

async function run(side: Side, scenarios: readonly Scenario[]): Promise<void> {
  const canaries = new Canaries(join(order.folder, 'canaries.jsonl'), side)
  const world = await openWorld(side, order.url, canaries, loggers.logger)
  for (const { name, run, declared } of scenarios) {
    const plaintext = canaries.text(name, declared)
    const outcome = await run(world, plaintext).catch((error: unknown) => error)
    // An application that prints everything to its console.
    console.log(outcome)
    console.error(outcome)
    for (const surface of surfaces) surface.show(outcome)
  }
  await world.dataSource.destroy()
}

// The protected side last: buffers of the other one are printed, and buffers share memory with earlier ones.
await run('in the open', [...allScenarios, ...inTheOpen])
await run('protected', allScenarios)
writeFileSync(join(order.folder, 'places.json'), JSON.stringify(surfaces.flatMap((surface) => surface.places())))
