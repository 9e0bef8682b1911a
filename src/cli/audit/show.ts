import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { type ReviewRecord, type ShownRecord, showRecord } from '../../audit/index.js'
import { ConfigurationError } from '../../errors.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { onSchema } from '../on-database.js'
import { jsonLines, paint, printJson, printLine } from '../terminal.js'
import { accountOf, recordLine, shortTime } from './record-lines.js'

interface Options extends ConfiguredOptions {
  readonly json?: true
}

export function defineShow(command: Command): void {
  withConfiguration(command)
    .argument('<id>', 'of a record, as search prints it')
    .description(
      'show one record with all that belongs to it: who, which call of ours, the raw event, its place in the log',
    )
    .option('--json', 'print JSON')
    .action(show)
}

async function show(id: string, options: Options): Promise<void> {
  await onSchema(options, async (client) => {
    const shown = await showRecord(client, id)
    if (!shown) {
      throw new ConfigurationError(
        `id: expected a record of the tables, found none of ${id}; its month may have been archived (waxseal audit archive)`,
      )
    }
    if (options.json) return printJson(shown)
    for (const line of linesOf(shown)) printLine(line)
  })
}

function linesOf(shown: ShownRecord): string[] {
  const { record, stored, attempts, ends, events, history, findings, sightings, log } = shown
  return [
    recordLine(record),
    ...section('What the reconciliation said', [
      accountOf(record),
      ...history.map(({ at, from, to, rule, reason }) => {
        const why = [rule, reason].filter(Boolean).join(', ')
        return `${shortTime(at!)}  ${from ?? '-'} → ${to}${why && ` (${why})`}`
      }),
    ]),
    ...section(
      'Findings',
      findings.map(({ id, kind, severity }) => `${severity}  ${kind}  ${id}`),
    ),
    ...section('The call of ours', others(record, attempts)),
    ...section('What the KMS answered', ends.flatMap(jsonLines)),
    ...section('What the provider logged of that call', others(record, events)),
    ...section(
      'Seen by',
      sightings.map(({ reader, at, proof }) => `${reader}  ${shortTime(at!)}${proof ? `  proof: ${proof}` : ''}`),
    ),
    ...section('Log', [logLine(log)]),
    ...section('As it is stored', jsonLines(stored)),
  ]
}

function logLine({ position, checkpoint, problem }: ShownRecord['log']): string {
  const leaf = position === null ? '' : `leaf ${position}: `
  // What the next checkpoint will cover is nothing to be alarmed at.
  const isWaiting = position === null || Number(position) >= (checkpoint?.size ?? 0)
  if (problem !== null) return `${isWaiting ? '·' : paint('red', '✗')} ${leaf}${escaped(problem)}`
  return `${paint('green', '✓')} ${leaf}as it was written down, by the checkpoint of ${checkpoint?.size} records`
}

/** Those that are not the record itself. */
const others = ({ id }: ReviewRecord, records: readonly ReviewRecord[]) =>
  records.filter((each) => each.id !== id).map(recordLine)

function section(title: string, lines: readonly string[]): string[] {
  const filled = lines.filter((line) => line !== '')
  return filled.length === 0 ? [] : ['', paint('bold', title), ...filled.map((line) => `  ${line}`)]
}
