import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { ruleId } from '../../audit/key-access/listed.js'
import { type KeyAccessSnapshot, readLastSnapshot, storeKeyAccess } from '../../audit/key-access/snapshot.js'
import { openConfiguredLedger } from '../../config/connect-ledger.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import type { AllowedPrincipal, KeyAccess } from '../../kms/key-access.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { onSchema } from '../on-database.js'
import { printJson, printLine, tell } from '../terminal.js'
import { keyAccessTargets } from './key-access-targets.js'

export function defineAccess(command: Command): void {
  withConfiguration(command)
    .description('ask each KMS who may use its KEKs, and write the answer down for "waxseal report access"')
    .option('--dry-run', 'ask, and write no list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when a list is not complete, 3 when a KMS could not be asked. docs/audit.md')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly dryRun?: true
  readonly json?: true
}

/** What was found of one KEK, beside what was written down of it before. */
interface Found extends KeyAccess {
  readonly before: Date | null
  readonly appeared: readonly AllowedPrincipal[]
  readonly gone: readonly AllowedPrincipal[]
}

async function run({ dryRun, json, ...options }: Options): Promise<void> {
  const { found, failures } = await onSchema(options, async (client, configuration) => {
    const asked = await ask(configuration)
    const compared: Found[] = []
    for (const access of asked.found) {
      compared.push(comparedWith(await readLastSnapshot(client, access), access))
      if (!dryRun) await storeKeyAccess(client, access)
    }
    return { ...asked, found: compared }
  })
  if (found.some(({ unread }) => unread.length > 0)) process.exitCode = EXIT.findings
  if (failures.length > 0) process.exitCode = EXIT.kmsUnavailable
  if (json) return printJson({ keks: found, failures })
  for (const line of found.flatMap(linesOf)) printLine(escaped(line))
  for (const failure of failures) tell(escaped(failure))
}

/** One KMS that is away keeps no other from being asked; without its ledger, none is. */
async function ask(configuration: LoadedConfiguration) {
  await using ledger = await openConfiguredLedger(configuration)
  const [found, failures]: [KeyAccess[], string[]] = [[], []]
  for (const { place, read } of keyAccessTargets(configuration, ledger)) {
    await read().then(
      (each) => found.push(...each),
      (error: unknown) => failures.push(`${place}: ${failureOf(error).message}`),
    )
  }
  return { found, failures }
}

function comparedWith(last: KeyAccessSnapshot | undefined, access: KeyAccess): Found {
  if (!last) return { ...access, before: null, appeared: [], gone: [] }
  return {
    ...{ ...access, before: last.readAt },
    appeared: without(access.principals, last.principals),
    gone: without(last.principals, access.principals),
  }
}

/** The rules that are not among the others. */
function without(rules: readonly AllowedPrincipal[], others: readonly AllowedPrincipal[]): readonly AllowedPrincipal[] {
  const known = new Set(others.map(ruleId))
  return rules.filter((rule) => !known.has(ruleId(rule)))
}

function linesOf({ kekId, principals, unread, before, appeared, gone }: Found): string[] {
  const line = (mark: string) => (rule: AllowedPrincipal) =>
    `  ${mark} ${rule.principal} (${rule.type}) may ${rule.may.join(' and ')}, by ${rule.via}${rule.doubts.map((each) => `; ${each}`).join('')}`
  return [
    `${unread.length > 0 ? '✗' : '✓'} ${kekId}: ${principals.length} ${principals.length === 1 ? 'rule' : 'rules'} by which somebody may use it`,
    ...(before ? appeared.map(line('+')) : principals.map(line('·'))),
    ...gone.map(line('-')),
    ...unread.map((reason) => `  not complete: ${reason}`),
  ]
}
