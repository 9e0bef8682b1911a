import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { readMirrorStatus, type SourceStatus } from '../../audit/mirror/mirror-status.js'
import { describeSource } from '../../audit/mirror/trail-source.js'
import { knownTrails } from '../../config/known-trails.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { onSchema } from '../on-database.js'
import { printJson, printLine, tell } from '../terminal.js'
import { trailsInUse, withoutTrailLine } from './trails-in-use.js'

interface Options extends ConfiguredOptions {
  readonly json?: true
}

export function defineStatus(command: Command): void {
  withConfiguration(command)
    .description('how far each audit trail is mirrored, and what speaks against relying on it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when something of a trail is not as it should be. docs/audit.md')
    .action(status)
}

async function status(options: Options): Promise<void> {
  const { sources, unmirrored, trails } = await onSchema(options, async (client, { audit }) => {
    const { withoutTrail } = await trailsInUse(client, knownTrails(audit))
    return { sources: await readMirrorStatus(client), unmirrored: withoutTrail, trails: audit?.trails ?? [] }
  })
  const unread = trails.filter(
    ({ provider, reader }) => !sources.some((each) => each.provider === provider && each.reader === reader),
  )
  const missing = unread.map(({ provider, reader }) => `${provider}/${reader}`)
  const withoutTrail = unmirrored.filter((name) => !unread.some(({ provider }) => provider === name))
  if (missing.length + withoutTrail.length > 0 || sources.some(({ problems }) => problems.length > 0))
    process.exitCode = EXIT.findings
  if (options.json) return printJson({ sources, missing, withoutTrail })
  for (const name of missing) printLine(`✗ ${name}: never mirrored; run waxseal audit mirror`)
  for (const name of withoutTrail) printLine(`✗ ${escaped(withoutTrailLine(name))}`)
  for (const line of sources.flatMap(statusLines)) printLine(escaped(line))
  if (missing.length + sources.length === 0)
    tell('no trail is mirrored: docs/audit.md says how to name one in audit.trails')
}

function statusLines(source: SourceStatus): string[] {
  const { readAt, lagMs, coveredTo, gaps, posture, problems } = source
  const facts = [
    readAt && lagMs !== null ? `read ${Math.round(lagMs / 1_000)} s ago` : 'never read to its end',
    coveredTo && `covered to ${coveredTo.toISOString()}`,
    posture && `posture of ${posture.checkedAt.toISOString()} ${posture.ok ? 'ok' : 'not ok'}`,
  ]
  return [
    `${problems.length > 0 ? '✗' : '✓'} ${describeSource(source)}: ${facts.filter(Boolean).join(', ')}`,
    ...problems.map((problem) => `  ${problem}`),
    ...gaps.map(({ from, to }) => `  not covered: ${from.toISOString()} – ${to.toISOString()}`),
  ]
}
