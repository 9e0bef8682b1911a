import type { Command } from 'commander'
import { type ConfiguredOptions, loadTables, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { printJson, printLine } from '../terminal.js'
import { examine } from './examine.js'
import { reportLines } from './report.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--no-rows', 'leave the rows uncounted: counting scans each table')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 0 without errors, warnings or not. Every code: docs/doctor.md')
    .action(doctor)
}

async function doctor(options: ConfiguredOptions & { rows: boolean; json?: true }): Promise<void> {
  const { sections, tables } = await examine(await loadTables(options), options.rows)
  const findings = sections.flatMap(({ name, findings: found }) => found.map((each) => ({ section: name, ...each })))
  const ok = findings.every(({ level }) => level !== 'error')
  if (!ok) process.exitCode = EXIT.findings
  if (options.json) printJson({ ok, findings, tables })
  else for (const line of reportLines(sections)) printLine(line)
}
