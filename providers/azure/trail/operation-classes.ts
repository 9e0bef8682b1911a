import type { OperationClass } from '../../../src/audit/trail/audit-event.js'

/** https://learn.microsoft.com/azure/key-vault/general/logging#interpret-your-key-vault-logs, and of a Managed HSM. */
const CLASSES: Readonly<Record<string, OperationClass>> = {
  KeyEncrypt: 'encrypt',
  KeyWrap: 'encrypt',
  KeyDecrypt: 'decrypt',
  KeyUnwrap: 'decrypt',
  KeySign: 'sign',
  KeyVerify: 'verify',
  RandomBytesGet: 'random',
  // The key leaves the vault, or can be restored to another.
  KeyRelease: 'decrypt',
  KeyBackup: 'decrypt',
  // The same of all keys of a Managed HSM, and of what its backups are read with.
  BackupCreate: 'decrypt',
  SecurityDomainDownload: 'decrypt',
  RestoreCreate: 'key-restore',
  SecurityDomainUpload: 'key-restore',

  KeyCreate: 'key-create',
  KeyImport: 'key-create',
  KeyRotate: 'key-rotate',
  KeyRotateIfDue: 'key-rotate',
  KeyDelete: 'key-delete',
  KeyPurge: 'key-delete',
  KeyRecover: 'key-restore',
  KeyRestore: 'key-restore',
  KeyUpdate: 'key-update',
  KeyRotationPolicySet: 'key-update',
  // As the interface of the vault calls it.
  KeyUpdateRotationPolicy: 'key-update',
  KeyRotationPolicyGet: 'read',
  KeyGet: 'read',
  KeyList: 'read',

  VaultPut: 'policy',
  VaultPatch: 'policy',
  VaultDelete: 'key-delete',
  VaultPurge: 'key-delete',
  VaultRecover: 'key-restore',
  VaultAccessPolicyChangedEventGridNotification: 'policy',
  Authentication: 'authentication',
}
const CLASS_OF = new Map(Object.entries(CLASSES).map(([name, operationClass]) => [name.toLowerCase(), operationClass]))
const READS = /^[A-Z]\w*?(Get|List)([A-Z]\w*)?$/
const POLICIES = /^Role(Assignment|Definition)s?(Create|Put|Set|Delete|Update)/

/** KeyUpdate enables, disables and renames alike: the log does not say which. */
export function operationClassOf(operation: string): OperationClass {
  // Some write it as the interface of the vault does: `unwrapKey`.
  const known = CLASS_OF.get(operation.toLowerCase().replace(/^(\w+)key$/, 'key$1'))
  if (known !== undefined) return known
  if (POLICIES.test(operation)) return 'policy'
  return READS.test(operation) ? 'read' : 'other'
}

/** What the vault tells Event Grid, and what nobody asked for. */
export function isByItself(operation: string): boolean {
  return operation.endsWith('EventGridNotification') || operation === 'KeyRotateIfDue'
}

/** Of the Activity Log, in small letters: what is of concern here. The first that fits. */
const ACTIVITIES: readonly (readonly [RegExp, OperationClass])[] = [
  [/^microsoft\.insights\/diagnosticsettings\/(write|delete)$/, 'logging'],
  [/^microsoft\.operationalinsights\/workspaces\/(delete|purge\/action|tables\/(write|delete))$/, 'logging'],
  [/^microsoft\.storage\/.*\/immutabilitypolicies\/(write|put|delete|extend\/action)$/, 'logging'],
  [/^microsoft\.authorization\/role(assignments|definitions)\/(write|delete)$/, 'policy'],
  [/^microsoft\.keyvault\/.*\/(secrets|certificates)\//, 'other'],
  [/^microsoft\.keyvault\/.*\/(purge\/action|delete)$/, 'key-delete'],
  [/^microsoft\.keyvault\/.*\/(restore|recover)\/action$/, 'key-restore'],
  [/^microsoft\.keyvault\/.*\/read$/, 'read'],
  [/^microsoft\.keyvault\/.*\/keys\/write$/, 'key-create'],
  [/^microsoft\.keyvault\/(vaults|managedhsms|hsmpools)\/(write|accesspolicies\/write|.*)$/, 'policy'],
  [/^microsoft\.keyvault\//, 'other'],
]

/** Undefined for what is of no concern. */
export function activityClassOf(operation: string): OperationClass | undefined {
  return ACTIVITIES.find(([pattern]) => pattern.test(operation.toLowerCase()))?.[1]
}
