import { type Command, Option } from 'commander'
import { loadConfiguration } from '../../config/load-configuration.js'
import { ACCESS_ROLES, type AccessRole } from '../../kms/access.js'
import { type ConfiguredOptions, loadTables, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { printJson, printLine } from '../terminal.js'
import { examine, examineProviders } from './examine.js'
import { reportLines } from './report.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--provider', 'ask the KMS what this identity may do and how the key is set up; looks at no table')
    .addOption(
      new Option('--role <role>', 'with --provider: what the identity is for').choices(ACCESS_ROLES).default('writer'),
    )
    .option('--no-rows', 'leave the rows uncounted: counting scans each table')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 0 without errors, warnings or not. Every code: docs/doctor.md')
    .action(doctor)
}

interface Options extends ConfiguredOptions {
  readonly rows: boolean
  readonly provider?: true
  readonly role: AccessRole
  readonly json?: true
}

async function doctor(options: Options): Promise<void> {
  const { config: file } = options
  const { sections, tables } = options.provider
    ? await examineProviders(await loadConfiguration(file === undefined ? {} : { file }), options.role)
    : await examine(await loadTables(options), options.rows)
  const findings = sections.flatMap(({ name, findings: found }) => found.map((each) => ({ section: name, ...each })))
  const ok = findings.every(({ level }) => level !== 'error')
  if (!ok) process.exitCode = EXIT.findings
  if (options.json) printJson({ ok, findings, tables })
  else for (const line of reportLines(sections)) printLine(line)
}
