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
  const byServer = statementsByServer(settings)
  const isExplained = isAtLeast(settings['auto_explain.log_min_duration'], 0)
  const statements = [
    ...byServer,
    ...named(settings, isExplained, 'auto_explain.log_min_duration'),
    ...named(settings, isAudited(settings), 'pgaudit.log'),
  ]
  // In the DETAIL of a statement's line, or in the CONTEXT of an error: TERSE leaves out both, and nothing of extensions.
  const isTerse = settings.log_error_verbosity === 'terse'
  const isOn = (name: keyof Settings) => !['0', 'off', undefined].includes(settings[name])
  const parameters = [
    ...named(settings, byServer.length > 0 && isOn('log_parameter_max_length') && !isTerse, 'log_parameter_max_length'),
    ...named(
      settings,
      isExplained && isOn('auto_explain.log_parameter_max_length'),
      'auto_explain.log_parameter_max_length',
    ),
    ...named(settings, isAudited(settings) && isOn('pgaudit.log_parameter'), 'pgaudit.log_parameter'),
  ]
  const onError = named(
    settings,
    isOn('log_parameter_max_length_on_error') && !isTerse,
    'log_parameter_max_length_on_error',
  )
  const refused = named(settings, LOGS_ERRORS.has(settings.log_min_error_statement ?? ''), 'log_min_error_statement')
  return [
    ...(statements.length === 0 ? [] : [logsStatements(statements)]),
    ...(parameters.length === 0 ? [] : [logsParameters(parameters)]),
    ...onError.map(logsOnError),
    ...refused.map(logsRefused),
  ]
}

/** The setting as Postgres shows it, where a condition holds. */
function named(settings: Settings, condition: boolean, name: keyof Settings): string[] {
  return condition ? [`${name} = ${settings[name]}`] : []
}

function statementsByServer(settings: Settings): string[] {
  const isSampled = isAtLeast(settings.log_min_duration_sample, 0) && Number(settings.log_statement_sample_rate) > 0
  return [
    ...named(settings, ['mod', 'all'].includes(settings.log_statement ?? ''), 'log_statement'),
    ...named(settings, isAtLeast(settings.log_min_duration_statement, 0), 'log_min_duration_statement'),
    ...named(settings, isSampled, 'log_min_duration_sample'),
    ...named(settings, Number(settings.log_transaction_sample_rate) > 0, 'log_transaction_sample_rate'),
  ]
}

const isAtLeast = (setting: string | undefined, least: number) => setting !== undefined && Number(setting) >= least

/** Whether pgaudit logs writes: a list of classes, of which those with a minus are left out. */
function isAudited({ 'pgaudit.log': classes = 'none' }: Settings): boolean {
  return /\b(all|write)\b/.test(classes) && !/-(all|write)\b/.test(classes)
}

/** Those at which an ERROR is written with its statement. */
const LOGS_ERRORS = new Set(['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'info', 'notice', 'warning', 'error'])

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

function logsOnError(setting: string): Finding {
  return finding(
    'SERVER_LOGS_PARAMETERS_ON_ERROR',
    `the server logs the parameters of statements that fail (${setting}): what the guard refuses is in its log`,
    'set log_parameter_max_length_on_error = 0, which is the default',
  )
}

function logsRefused(setting: string): Finding {
  return finding(
    'SERVER_LOGS_REFUSED',
    `the server logs the text of statements that fail (${setting}): a literal in raw SQL that the guard refuses is in its log`,
    'send secrets as parameters only; log_min_error_statement = panic switches it off, for all other errors too',
  )
}
