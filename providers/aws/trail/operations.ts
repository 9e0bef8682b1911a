import type { OperationClass } from '../../../src/audit/trail/audit-event.js'

/** https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html: `eventName` of every operation. */
const CLASSES: Partial<Readonly<Record<OperationClass, readonly string[]>>> = {
  'data-key': [
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'GenerateDataKeyPair',
    'GenerateDataKeyPairWithoutPlaintext',
  ],
  encrypt: ['Encrypt', 'Encapsulate'],
  decrypt: ['Decrypt', 'Decapsulate', 'DeriveSharedSecret'],
  rewrap: ['ReEncrypt'],
  sign: ['Sign'],
  verify: ['Verify'],
  mac: ['GenerateMac', 'VerifyMac'],
  random: ['GenerateRandom'],
  'key-create': ['CreateKey', 'ReplicateKey'],
  'key-enable': ['EnableKey'],
  'key-disable': ['DisableKey'],
  'key-rotate': ['RotateKey', 'RotateKeyOnDemand', 'KMS CMK Rotation'],
  'key-delete': [
    'ScheduleKeyDeletion',
    'DeleteKey',
    'DeleteImportedKeyMaterial',
    'DeleteExpiredKeyMaterial',
    'KMS CMK Deletion',
    'KMS Imported Key Material Expiration',
  ],
  'key-restore': ['CancelKeyDeletion'],
  'key-update': [
    ...['EnableKeyRotation', 'DisableKeyRotation', 'ImportKeyMaterial', 'UpdateKeyDescription'],
    ...['UpdatePrimaryRegion', 'SynchronizeMultiRegionKey'],
    ...['CreateAlias', 'UpdateAlias', 'DeleteAlias', 'TagResource', 'UntagResource'],
    ...['CreateCustomKeyStore', 'ConnectCustomKeyStore', 'UpdateCustomKeyStore'],
    ...['DisconnectCustomKeyStore', 'DeleteCustomKeyStore'],
  ],
  policy: ['PutKeyPolicy', 'CreateGrant', 'RetireGrant', 'RevokeGrant'],
}
const READS = /^(Get|List|Describe)[A-Z]/
const CLASS_OF = new Map(
  Object.entries(CLASSES).flatMap(([name, operations]) => operations.map((each) => [each, name as OperationClass])),
)

export function operationClassOf(operation: string): OperationClass {
  return CLASS_OF.get(operation) ?? (READS.test(operation) ? 'read' : 'other')
}
