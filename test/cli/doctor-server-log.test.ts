import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { checkServerLog, serverLogFindings } from '../../src/cli/doctor/server-log.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

/** As Postgres 18 comes. */
const DEFAULTS = {
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  log_statement_sample_rate: '1',
  log_transaction_sample_rate: '0',
  log_parameter_max_length: '-1',
  log_parameter_max_length_on_error: '0',
  log_min_error_statement: 'error',
  log_error_verbosity: 'default',
}

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

/** What is found on a new connection to a database with these settings. */
async function found(settings: Record<string, string>): Promise<Record<string, string>> {
  const name = new URL(database.url).pathname.slice(1)
  await database.client.query(`alter database ${name} reset all`)
  for (const [setting, value] of Object.entries({ ...DEFAULTS, ...settings })) {
    await database.client.query(`alter database ${name} set ${setting} = '${value}'`)
  }
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    return Object.fromEntries((await checkServerLog(client)).map(({ code, message }) => [code, message]))
  } finally {
    await client.end()
  }
}

test('by default only the text of failing statements is logged', async () => {
  expect(Object.keys(await found({}))).toEqual(['SERVER_LOGS_REFUSED'])
})

describe('which settings log what', () => {
  const STATEMENTS = 'SERVER_LOGS_STATEMENTS'
  const PARAMETERS = 'SERVER_LOGS_PARAMETERS'
  const ON_ERROR = 'SERVER_LOGS_PARAMETERS_ON_ERROR'
  const REFUSED = 'SERVER_LOGS_REFUSED'
  const auto = { session_preload_libraries: 'auto_explain', 'auto_explain.log_min_duration': '0' }
  const cases: [name: string, settings: Record<string, string>, codes: string[]][] = [
    ['nothing at all', { log_min_error_statement: 'panic' }, []],
    ['failures that end the session only', { log_min_error_statement: 'fatal' }, []],
    ['DDL', { log_statement: 'ddl' }, [REFUSED]],
    ['writes', { log_statement: 'mod' }, [STATEMENTS, PARAMETERS, REFUSED]],
    ['all statements', { log_statement: 'all' }, [STATEMENTS, PARAMETERS, REFUSED]],
    ['slow statements', { log_min_duration_statement: '0' }, [STATEMENTS, PARAMETERS, REFUSED]],
    ['a sample of slow statements', { log_min_duration_sample: '100' }, [STATEMENTS, PARAMETERS, REFUSED]],
    ['a sample of none', { log_min_duration_sample: '100', log_statement_sample_rate: '0' }, [REFUSED]],
    ['a sample of transactions', { log_transaction_sample_rate: '0.1' }, [STATEMENTS, PARAMETERS, REFUSED]],
    ['statements without parameters', { log_statement: 'all', log_parameter_max_length: '0' }, [STATEMENTS, REFUSED]],
    [
      'the beginning of parameters',
      { log_statement: 'all', log_parameter_max_length: '8' },
      [STATEMENTS, PARAMETERS, REFUSED],
    ],
    ['statements tersely', { log_statement: 'all', log_error_verbosity: 'terse' }, [STATEMENTS, REFUSED]],
    ['parameters of failures', { log_parameter_max_length_on_error: '-1' }, [ON_ERROR, REFUSED]],
    [
      'parameters of failures, tersely',
      { log_parameter_max_length_on_error: '-1', log_error_verbosity: 'terse' },
      [REFUSED],
    ],
    ['plans', auto, [STATEMENTS, PARAMETERS, REFUSED]],
    ['plans without parameters', { ...auto, 'auto_explain.log_parameter_max_length': '0' }, [STATEMENTS, REFUSED]],
    ['no plans', { ...auto, 'auto_explain.log_min_duration': '-1' }, [REFUSED]],
  ]
  for (const [name, settings, codes] of cases) {
    test(name, async () => {
      const findings = await found(settings)
      expect(Object.keys(findings)).toEqual(codes)
    })
  }

  test('each finding names the settings', async () => {
    const findings = await found({
      log_statement: 'mod',
      log_min_duration_statement: '500',
      log_parameter_max_length: '64',
    })
    expect(findings[STATEMENTS]).toContain('(log_statement = mod, log_min_duration_statement = 500)')
    expect(findings[PARAMETERS]).toContain('(log_parameter_max_length = 64)')
  })

  // An extension that is not part of Postgres.
  const audit: [settings: Record<string, string>, codes: string[]][] = [
    [{ 'pgaudit.log': 'all' }, [STATEMENTS]],
    [{ 'pgaudit.log': 'read, write' }, [STATEMENTS]],
    [{ 'pgaudit.log': 'read, ddl' }, []],
    [{ 'pgaudit.log': 'all, -write' }, []],
    [{ 'pgaudit.log': 'write', 'pgaudit.log_parameter': 'on' }, [STATEMENTS, PARAMETERS]],
    [{ 'pgaudit.log': 'none', 'pgaudit.log_parameter': 'on' }, []],
  ]
  for (const [settings, codes] of audit) {
    test(`pgaudit: ${Object.values(settings).join(', parameters ')}`, () => {
      const all = { ...DEFAULTS, log_min_error_statement: 'panic', ...settings }
      expect(serverLogFindings(all).map(({ code }) => code)).toEqual(codes)
    })
  }
})
