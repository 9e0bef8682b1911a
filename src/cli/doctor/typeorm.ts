import type { EncryptionMode } from '../../postgres/index.js'
import type { GuardMode } from '../../typeorm/guard-check.js'
import { countSubscribers } from '../../typeorm/subscriber.js'
import { encryptionOptionsOf } from '../../typeorm/with-encryption.js'
import { type Finding, finding } from './finding.js'

type DataSource = Parameters<typeof encryptionOptionsOf>[0]

/** Whether the DataSource encrypts at all, and what its options give up. Two subscribers are refused when it is loaded. */
export function checkDataSource(dataSource: DataSource): Finding[] {
  const options = encryptionOptionsOf(dataSource)
  if (!options || countSubscribers(dataSource) !== 1) {
    return [
      finding(
        'SUBSCRIBER_MISSING',
        'the DataSource has entities with @Encrypted columns and no encryption: writes are refused, reads give EncryptedValue',
        'wrap it: withEncryption(new DataSource({ … }), { cipher })',
      ),
    ]
  }
  const { guard = 'require', mode = 'enforce' } = options
  return [...checkMode(mode), ...checkGuardMode(guard), ...checkLogging(dataSource.options)]
}

function checkMode(mode: EncryptionMode): Finding[] {
  if (mode === 'enforce') return []
  const remedy =
    mode === 'off'
      ? 'in production leave the option out'
      : 'finish the adoption with "waxseal adopt enforce", and leave the option out then'
  return [
    finding(
      'MODE_NOT_ENFORCE',
      `withEncryption has mode: '${mode}': rows without an envelope are read, and written in plaintext`,
      remedy,
    ),
  ]
}

function checkGuardMode(guard: GuardMode): Finding[] {
  if (guard === 'warn') {
    return [
      finding(
        'GUARD_UNCHECKED',
        "withEncryption has guard: 'warn': the application writes without checking that the database refuses plaintext",
        "leave the option out, or set guard: 'require'",
      ),
    ]
  }
  if (guard === 'install') {
    return [
      finding(
        'GUARD_AUTOMATIC',
        "withEncryption has guard: 'install': each start changes the schema",
        "in production install it by a migration, and set guard: 'require'",
      ),
    ]
  }
  return []
}

/** The built-in loggers print a statement with its parameters before any hook sees it, and once more when it failed. */
function checkLogging({ logging, logger, maxQueryExecutionTime }: DataSource['options']): Finding[] {
  // One of the application's own does what it does.
  if (typeof logger === 'object') return []
  const levels = logging === true ? ['query', 'error'] : logging === 'all' ? ['all'] : logging || []
  const named = levels.filter((level) => ['all', 'query', 'error'].includes(level)).map((level) => `logging: ${level}`)
  if (maxQueryExecutionTime) named.push(`maxQueryExecutionTime: ${maxQueryExecutionTime}`)
  if (named.length === 0) return []
  return [
    finding(
      'TYPEORM_LOGS_PARAMETERS',
      `TypeORM's logger prints statements with their parameters (${named.join(', ')}): ciphertexts, and the plaintext of a statement that bypasses encryption, which is refused only afterwards`,
      'leave query, error and maxQueryExecutionTime out in production, or set a logger of your own that prints no parameters',
    ),
  ]
}
