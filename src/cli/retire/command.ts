import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { usesInTrail } from '../../audit/mirror/uses-in-trail.js'
import { parseKekName, type Retirement, type RetirementCheck, retire } from '../../census/index.js'
import { cipherOf } from '../../config/connect-cipher.js'
import { type KnownTrails, knownTrails } from '../../config/known-trails.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import type { KekRef } from '../../kms/provider.js'
import { isDuration, secondsOf } from '../../lifecycle/duration.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type ConfiguredOptions, loadTables, tablesOn, withConfiguration } from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { interruptible } from '../interruptible.js'
import { printJson, printLine, tell } from '../terminal.js'
import { addPair } from '../value-options.js'
import { disablingOf } from './disabling.js'
import { retirementLines } from './report.js'

export function define(command: Command): void {
  withConfiguration(command)
    .argument('<kek>', 'a version of a KEK as census prints it, <provider>:<id>@<version>')
    .option('--backups-kept <duration>', 'how long backups and archived WAL are kept, such as 35d, or none')
    .option('--unused-for <duration>', 'how long the mirrored audit trail must not show a use of it, such as 30d')
    .option(
      '--context <name=value>',
      'where each tenant has a KEK: whose it is, such as tenant=…; again for each',
      addPair,
    )
    .option('--processes <number>', 'at least so many have to be seen at work (default: 1)', count)
    .option('--ignore-session <name...>', 'sessions of this application_name are known not to write the tables')
    .option('--wait <duration>', 'how long to wait for processes and transactions (default: 2m)')
    .option('--who <name>', 'who decides: for the record (default: the user of this process)')
    .option('--dry-run', 'check, and write no decision down')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 while something speaks against it. docs/retirement.md')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly backupsKept?: string
  readonly unusedFor?: string
  readonly context?: Readonly<Record<string, string>>
  readonly processes?: number
  readonly ignoreSession?: readonly string[]
  readonly wait?: string
  readonly who?: string
  readonly dryRun?: true
  readonly json?: true
}

async function run(name: string, options: Options): Promise<void> {
  const {
    backupsKept,
    unusedFor,
    processes,
    ignoreSession,
    wait = '2m',
    who = userInfo().username,
    dryRun,
    json,
  } = options
  const kek = parseKekName(name)
  if (backupsKept !== undefined && backupsKept !== 'none' && !isDuration(backupsKept)) {
    throw new ConfigurationError('--backups-kept: expected a duration such as 35d, or none')
  }
  if (!isDuration(wait)) throw new ConfigurationError('--wait: expected a duration such as 2m')
  if (unusedFor !== undefined && !isDuration(unusedFor)) {
    throw new ConfigurationError('--unused-for: expected a duration such as 30d')
  }
  const setup = await loadTables(options)
  const trails = knownTrails(setup.configuration.audit)
  const current = await currentKeks(setup.configuration, options.context ?? {})
  const found = await interruptible((signal) =>
    withDatabase(setup.configuration, setup.dataSource, async (client) =>
      retire(client, await tablesOn(client, setup), kek, {
        ...{ current, signal, waitMs: secondsOf(wait) * 1_000, onWait },
        ...(backupsKept !== undefined && { backupsKept }),
        ...(unusedFor !== undefined && { checkTrail: (on) => trailCheck(on, trails, kek, unusedFor) }),
        ...(processes !== undefined && { processes }),
        ...(ignoreSession && { ignored: ignoreSession }),
        ...(!dryRun && { by: who }),
      }),
    ),
  )
  await print(kek, found, json)
}

async function trailCheck(
  client: Queryable,
  trails: KnownTrails,
  kek: KekRef,
  unusedFor: string,
): Promise<RetirementCheck> {
  const trail = await trails.get(kek.provider)?.()
  return usesInTrail(client, kek, { trail, unusedForSeconds: secondsOf(unusedFor) })
}

function onWait(found: readonly string[]): void {
  tell(`waxseal: waiting: ${found.join('; ')}`)
}

async function print(kek: KekRef, found: Retirement, json: true | undefined): Promise<void> {
  if (!found.ready) process.exitCode = EXIT.findings
  const disabling = await disablingOf(kek)
  if (json) return printJson({ kek, ...found, ...(found.ready && { disabling }) })
  for (const line of retirementLines(kek, found, disabling)) printLine(line)
}

async function currentKeks(
  configuration: LoadedConfiguration,
  context: Readonly<Record<string, string>>,
): Promise<readonly KekRef[] | Error> {
  const cipher = await cipherOf(configuration)
  try {
    return await cipher.currentKeks({ entity: 'waxseal-doctor', context })
  } catch (error) {
    return new Error(failureOf(error).message)
  } finally {
    await cipher.close()
  }
}

/** Unlike other counts it may be 0: when the application is stopped. */
function count(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number from 0.')
}
