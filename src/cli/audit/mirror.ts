import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { followTrails, type MirrorEvent, mirrorOnce } from '../../audit/mirror/mirror.js'
import { describeSource } from '../../audit/mirror/trail-source.js'
import { connectTrails, trailsOf } from '../../config/connect-trails.js'
import { assertSchema } from '../../lifecycle/index.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { interruptible } from '../interruptible.js'
import { onPool } from '../on-database.js'
import { printLine, tell } from '../terminal.js'

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
    .option('--json', 'print an object for each batch, pass and look at the posture')
    .addHelpText('after', '\nExit code 3 when a trail cannot be read. docs/audit.md')
    .action(mirror)
}

async function mirror(options: Options): Promise<void> {
  const onEvent = eventLog(options.json === true)
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

function eventLog(json: boolean): (event: MirrorEvent) => void {
  return (event) => {
    if (event.type === 'trouble') {
      const { message } = failureOf(event.error)
      if (json) printLine(JSON.stringify({ type: 'trouble', message }))
      else tell(`${message}; tries again`)
    } else if (json) printLine(escaped(JSON.stringify(event)))
    else for (const line of linesOf(event)) tell(escaped(line))
  }
}

function linesOf(event: Exclude<MirrorEvent, { readonly type: 'trouble' }>): string[] {
  const name = describeSource(event.source)
  if (event.type === 'posture') {
    return event.posture.checks
      .filter(({ state }) => state !== 'ok')
      .map(({ id, state, evidence, remedy }) => `${name}: ${id} ${state}: ${evidence}${remedy ? `; ${remedy}` : ''}`)
  }
  const { stored, repeated, quarantined } = event.type === 'batch' ? event.counts : event.result.counts
  if (event.type === 'batch') return stored + quarantined > 0 ? [`${name}: ${stored} events stored …`] : []
  const { state, reason } = event.result
  if (state === 'elsewhere') return [`${name}: another process mirrors it`]
  if (state !== 'ok') return [`${name}: ${state}: ${reason}`]
  const put = quarantined > 0 ? `, ${quarantined} not understood` : ''
  return [`${name}: ${stored} new events, ${repeated} known${put}`]
}
