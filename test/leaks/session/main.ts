import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Canaries, type Side } from '../canaries.js'
import type { Scenario } from './scenario.js'
import { spans } from './surfaces/spans.js'
import type { World } from './world.js'

/** What the test that starts the session says on standard input. */
export interface Order {
  readonly url: string
  /** For what the session leaves to the test: `places.json` and `canaries.jsonl`. */
  readonly folder: string
  /** A KMS in memory, or those of the clouds. */
  readonly over: 'memory' | 'clouds'
}

const order = JSON.parse(await text(process.stdin)) as Order
// After the tracer has taken its place.
const { openWorld } = await import('./world.js')
const { CLOUDS } = await import('./clouds/cloud.js')
const { cloudScenarios } = await import('./clouds/scenarios.js')
const { allScenarios } = await import('./scenarios/index.js')
const { inTheOpen } = await import('./scenarios/in-the-open.js')
const { typeormLoggers } = await import('./surfaces/typeorm-loggers.js')
const { printers } = await import('./surfaces/printers.js')
const { pinoLoggers } = await import('./surfaces/pino.js')

const loggers = typeormLoggers(order.folder)
const surfaces = [spans(), loggers, printers(), pinoLoggers()]

async function run(world: World, scenarios: readonly Scenario[]): Promise<void> {
  for (const { name, run, declared } of scenarios) {
    const plaintext = world.canaries.text(name, declared)
    const outcome = await run(world, plaintext).catch((error: unknown) => error)
    // An application that prints everything to its console.
    console.log(outcome)
    console.error(outcome)
    for (const surface of surfaces) surface.show(outcome)
  }
  await world.dataSource.destroy()
}

const RUNS = {
  async memory(side: Side, canaries: Canaries) {
    const world = await openWorld(side, order.url, canaries, loggers.logger)
    await run(world, side === 'protected' ? allScenarios : [...allScenarios, ...inTheOpen])
  },
  async clouds(side: Side, canaries: Canaries) {
    for (const open of CLOUDS) {
      const cloud = await open(canaries, order.folder)
      const world = await openWorld(side, order.url, canaries, loggers.logger, cloud.underTest.provider)
      await run(world, cloudScenarios(cloud, side))
      await cloud.close()
    }
  },
}

// The protected side last: buffers of the other one are printed, and buffers share memory with earlier ones.
for (const side of ['in the open', 'protected'] as const) {
  await RUNS[order.over](side, new Canaries(join(order.folder, 'canaries.jsonl'), side))
}
writeFileSync(join(order.folder, 'places.json'), JSON.stringify(surfaces.flatMap((surface) => surface.places())))
