import type { Command } from 'commander'
import { followTrails, type MirrorEvent, mirrorOnce } from '../../audit/mirror/mirror.js'
import { connectTrails, trailsOf } from '../../config/connect-trails.js'
import { assertSchema } from '../../lifecycle/index.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { interruptible } from '../interruptible.js'
import { onPool } from '../on-database.js'
import { printJsonLine } from '../terminal.js'
import { followLog, passLog } from './mirror-log.js'

interface Options extends ConfiguredOptions {
  readonly follow?: true
  readonly source?: readonly string[]
  readonly json?: true
}

export function defineMirror(command: Command): void {
  withConfiguration(command)
    .description('copy the audit trails of the configuration into the tables of the audit')
    .option('--follow', 'go on until SIGTERM or Ctrl-C')
    .option('--source <provider...>', 'only these, each a provider or provider/reader (default: all)')
    .option('--json', 'print an object for each pass, batch and look at the posture')
    .addHelpText('after', '\nExit code 3 when a trail cannot be read. docs/audit.md')
    .action(mirror)
}

async function mirror(options: Options): Promise<void> {
  const onEvent = options.json ? jsonLog() : options.follow ? followLog() : passLog()
  await onPool(options, async (pool, configuration) => {
    const trails = await connectTrails(trailsOf(configuration, options.source))
    try {
      await assertSchema(pool)
      await interruptible(async (signal) => {
        if (options.follow) return followTrails(pool, trails, { signal, onEvent })
        const results = await mirrorOnce(pool, trails, { signal, onEvent })
        const isRead = results.every(({ result }) => result.state === 'ok' || result.state === 'elsewhere')
        if (!isRead) process.exitCode = EXIT.kmsUnavailable
      })
    } finally {
      await Promise.all(trails.map(({ reader }) => reader.close()))
    }
  })
}

/** An object for each of what happens. */
function jsonLog(): (event: MirrorEvent) => void {
  return (event) => {
    const told = event.type === 'trouble' ? { type: event.type, message: failureOf(event.error).message } : event
    printJsonLine(told)
  }
}
