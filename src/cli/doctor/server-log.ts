import type { Queryable } from '../../postgres/index.js'
import { type Finding, finding } from './finding.js'

const NAMES = [
  'log_statement',
  'log_min_duration_statement',
  'log_min_duration_sample',
  'log_statement_sample_rate',
  'log_transaction_sample_rate',
  'log_parameter_max_length',
  'log_parameter_max_length_on_error',
  'log_min_error_statement',
  'log_error_verbosity',
  'auto_explain.log_min_duration',
  'auto_explain.log_parameter_max_length',
  'pgaudit.log',
  'pgaudit.log_parameter',
] as const

type Settings = Readonly<Partial<Record<(typeof NAMES)[number], string>>>

/** The settings of this connection: a role or a database can have settings of its own, so connect as the application does. */
export async function checkServerLog(client: Queryable): Promise<Finding[]> {
  const { rows } = await client.query('SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1)', [
    [...NAMES],
  ])
  return serverLogFindings(Object.fromEntries(rows.map(({ name, setting }) => [name, setting])) as Settings)
}

/**
 * Which settings would write a plaintext to the server's log, if one were ever sent. The library sends ciphertext only:
 * this is about statements that bypass it, whether the guard refuses them or not.
 */
export function serverLogFindings(settings: Settings): Finding[] {
  const statements = statementLoggers(settings)
  const isTerse = settings.log_error_verbosity === 'terse'
  const parameters = [
    // In the DETAIL of the statement's line, which TERSE leaves out.
    ...(statements.length > 0 && isOn(settings.log_parameter_max_length) && !isTerse
      ? [`log_parameter_max_length = ${settings.log_parameter_max_length}`]
      : []),
    ...(isAtLeast(settings['auto_explain.log_min_duration'], 0) &&
    isOn(settings['auto_explain.log_parameter_max_length'])
      ? [`auto_explain.log_parameter_max_length = ${settings['auto_explain.log_parameter_max_length']}`]
      : []),
    ...(settings['pgaudit.log_parameter'] === 'on' ? ['pgaudit.log_parameter = on'] : []),
  ]
  return [
    ...(statements.length === 0 ? [] : [logsStatements(statements)]),
    ...(parameters.length === 0 ? [] : [logsParameters(parameters)]),
    // In the CONTEXT of the error, which TERSE leaves out too.
    ...(isOn(settings.log_parameter_max_length_on_error ?? '0') && !isTerse ? [logsOnError(settings)] : []),
    ...(LOGS_ERRORS.has(settings.log_min_error_statement ?? 'error') ? [logsRefused(settings)] : []),
  ]
}

function statementLoggers(settings: Settings): string[] {
  const named = (name: keyof Settings) => `${name} = ${settings[name]}`
  const when = (condition: boolean, name: keyof Settings) => (condition ? [named(name)] : [])
  const sampled = isAtLeast(settings.log_min_duration_sample, 0) && Number(settings.log_statement_sample_rate ?? 1) > 0
  const audited = settings['pgaudit.log'] ?? 'none'
  return [
    ...when(['mod', 'all'].includes(settings.log_statement ?? 'none'), 'log_statement'),
    ...when(isAtLeast(settings.log_min_duration_statement, 0), 'log_min_duration_statement'),
    ...when(sampled, 'log_min_duration_sample'),
    ...when(Number(settings.log_transaction_sample_rate ?? 0) > 0, 'log_transaction_sample_rate'),
    ...when(isAtLeast(settings['auto_explain.log_min_duration'], 0), 'auto_explain.log_min_duration'),
    ...when(/\b(all|write)\b/.test(audited) && !/-(all|write)\b/.test(audited), 'pgaudit.log'),
  ]
}

/** Those at which an ERROR is written with its statement. */
const LOGS_ERRORS = new Set(['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'info', 'notice', 'warning', 'error'])

const isAtLeast = (setting: string | undefined, least: number) => setting !== undefined && Number(setting) >= least
/** A length: 0 is none, -1 all of it. */
const isOn = (setting: string | undefined) => setting !== undefined && setting !== '0'

function logsStatements(settings: readonly string[]): Finding {
  return finding(
    'SERVER_LOGS_STATEMENTS',
    `the server logs statements (${settings.join(', ')}): a secret written as a literal in raw SQL is in its log`,
    'set log_statement to none or ddl and the durations to -1 for this database, or keep the log as safe as the table',
  )
}

function logsParameters(settings: readonly string[]): Finding {
  return finding(
    'SERVER_LOGS_PARAMETERS',
    `the server logs the parameters of statements (${settings.join(', ')}): a secret that bypasses the library is in its log`,
    'set log_parameter_max_length = 0 (auto_explain, pgaudit: likewise), or log_error_verbosity = terse',
  )
}

function logsOnError(settings: Settings): Finding {
  return finding(
    'SERVER_LOGS_PARAMETERS_ON_ERROR',
    `the server logs the parameters of statements that fail (log_parameter_max_length_on_error = ${settings.log_parameter_max_length_on_error}): what the guard refuses is in its log`,
    'set log_parameter_max_length_on_error = 0, which is the default',
  )
}

function logsRefused(settings: Settings): Finding {
  return finding(
    'SERVER_LOGS_REFUSED',
    `the server logs the text of statements that fail (log_min_error_statement = ${settings.log_min_error_statement}): a literal in raw SQL that the guard refuses is in its log`,
    'send secrets as parameters only; log_min_error_statement = panic switches it off, for all other errors too',
  )
}
