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
  const { guard = 'require' } = options
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
