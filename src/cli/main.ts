#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { currentEnvironment, isDebugging } from '../config/environment.js'
import { asOperator } from './as-operator.js'
import { EXIT } from './exit-codes.js'
import { failureOf, tracesOf } from './failure.js'
import { paint, tell } from './terminal.js'

/** What the module of a command exports. */
interface CommandModule {
  /** Adds options and action. An action that found something sets `process.exitCode`; none is success. */
  define(command: Command): void
}

/** Summaries here, so that `--help` loads no command. */
const COMMANDS: Record<string, readonly [summary: string, load: () => Promise<CommandModule>]> = {
  demo: ['see it at work on a real Postgres, in under a minute', () => import('./demo/command.js')],
  census: ['count rows by KEK, and what is no ciphertext', () => import('./census/command.js')],
  retire: ['say whether a version of a KEK may be disabled', () => import('./retire/command.js')],
  keygen: ['make a key for the local provider', () => import('./keygen.js')],
  doctor: ['check configuration, database, guard and keys', () => import('./doctor/command.js')],
  policy: ['print the least permissions that a role needs at its KMS', () => import('./policy.js')],
  guard: ['print, check, install or remove the database guard', () => import('./guard.js')],
  schema: ['print, check or install the tables that jobs write down their progress in', () => import('./schema.js')],
  renew: ['give rows new data keys, and encrypt their fields under them', () => import('./renew.js')],
  audit: ['mirror audit trails, and account for every use of a key', () => import('./audit/command.js')],
  report: ['print a report for compliance reviewers', () => import('./report/command.js')],
  evidence: ['bundle reports into a signed pack, or verify one', () => import('./evidence/command.js')],
  shred: ['take the data keys of credentials away for good, with a receipt', () => import('./shred/command.js')],
  inspect: ['explain a stored envelope, without decrypting it', () => import('./inspect/command.js')],
  encrypt: ['encrypt one value from standard input', () => import('./encrypt.js')],
  'recovery-key': ['make an offline recovery key, and show that it opens', () => import('./recovery-key.js')],
  recover: ['open rows with the offline recovery key and no KMS', () => import('./recover/command.js')],
  adopt: ['encrypt a table that exists, step by step, while it is used', () => import('./adopt/command.js')],
  rotate: ['wrap the data keys of stale rows under the current KEKs', () => import('./rotate/command.js')],
  worker: ['work on rotations that were begun, and begin what is due', () => import('./worker/command.js')],
  status: ['say when rotations were, are due and how far they are', () => import('./status/command.js')],
  runs: ['list, pause, resume or cancel runs over tables', () => import('./runs.js')],
  'test-kms': ['run a KMS for tests, on this machine', () => import('./test-kms.js')],
  decrypt: ['decrypt one value from standard input', () => import('./decrypt.js')],
}

/** What follows `--name=`, or the letter of a short option. */
const VALUE_OF_UNKNOWN_OPTION = /(unknown option '(?:--[^=']*=|-[^-](?!'\s))).*/s

async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('waxseal')
    .description('Envelope encryption for credentials in Postgres.')
    .version(version())
    .exitOverride()
    // What stands behind the name of a command is that command's, also where its parent has an option of that name.
    .enablePositionalOptions()
    // The value of a mistyped option may be a secret: it is not repeated into a log.
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error: /, 'waxseal: ').replace(VALUE_OF_UNKNOWN_OPTION, "$1…'\n")),
    })
    .addHelpText('after', '\nExit codes and examples: docs/cli.md')
  for (const [name, [summary, load]] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(summary)
    if (argv.includes(name)) (await load()).define(command)
  }
  try {
    const named = argv.find((argument) => Object.hasOwn(COMMANDS, argument))
    await asOperator(named, currentEnvironment(), () => program.parseAsync(argv, { from: 'user' }))
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander has said what is wrong, or has printed what was asked for.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
}

function version(): string {
  const main = realpathSync(process.argv[1] ?? '.')
  return (createRequire(main)('waxseal/package.json') as { version: string }).version
}

function end(): void {
  // A DataSource of the user's may keep the process alive; what was printed is written out first.
  process.stdout.write('', (error) => leave(error ?? undefined))
}

function leave(error: NodeJS.ErrnoException | undefined): void {
  // With EPIPE the reader has seen enough, as in `waxseal doctor | head`; what was found keeps its exit code.
  if (!error || error.code === 'EPIPE') process.exit()
  // A script that goes on would take what it has for the whole result.
  tell(`waxseal: standard output cannot be written (${error.code}); the result is incomplete`)
  process.exit(EXIT.usage)
}

process.stdout.on('error', leave)
run(process.argv.slice(2)).then(end, (error: unknown) => {
  const { message, exitCode } = failureOf(error)
  tell(`${paint('red', 'waxseal:', process.stderr)} ${message}`)
  if (isDebugging(currentEnvironment())) for (const line of tracesOf(error)) tell(line)
  process.exitCode = exitCode
  end()
})
