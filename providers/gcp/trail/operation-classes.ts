import type { OperationClass } from '../../../src/audit/trail/audit-event.js'
import { type JsonObject, listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'

/** By the last part of the method's name. https://cloud.google.com/kms/docs/audit-logging */
const CLASSES: Readonly<Record<string, OperationClass>> = {
  Encrypt: 'encrypt',
  RawEncrypt: 'encrypt',
  Decrypt: 'decrypt',
  RawDecrypt: 'decrypt',
  AsymmetricDecrypt: 'decrypt',
  Decapsulate: 'decrypt',
  // The key leaves the service.
  ExportTrustedKeyWrappedCryptoKeyVersion: 'decrypt',
  AsymmetricSign: 'sign',
  MacSign: 'mac',
  MacVerify: 'mac',
  GenerateRandomBytes: 'random',

  CreateKeyRing: 'key-create',
  CreateCryptoKey: 'key-create',
  CreateCryptoKeyVersion: 'key-create',
  CreateImportJob: 'key-create',
  ImportCryptoKeyVersion: 'key-create',
  ImportTrustedKeyWrappedCryptoKeyVersion: 'key-create',
  CreateKeyHandle: 'key-create',
  CreateEkmConnection: 'key-update',
  UpdateEkmConnection: 'key-update',
  UpdateEkmConfig: 'key-update',
  UpdateAutokeyConfig: 'key-update',
  CreateSingleTenantHsmInstance: 'key-update',
  CreateSingleTenantHsmInstanceProposal: 'key-update',
  ApproveSingleTenantHsmInstanceProposal: 'key-update',
  ExecuteSingleTenantHsmInstanceProposal: 'key-update',
  DeleteSingleTenantHsmInstanceProposal: 'key-update',
  UpdateCryptoKey: 'key-update',
  UpdateCryptoKeyPrimaryVersion: 'key-rotate',
  DestroyCryptoKeyVersion: 'key-delete',
  DeleteCryptoKey: 'key-delete',
  DeleteCryptoKeyVersion: 'key-delete',
  RestoreCryptoKeyVersion: 'key-restore',

  SetIamPolicy: 'policy',
  TestIamPermissions: 'read',
  VerifyConnectivity: 'read',
}
const READS = /^(Get|List|Show|Search)[A-Z]/
/** https://cloud.google.com/kms/docs/reference/rest/v1/CryptoKeyVersionState, by name and by number. */
const STATES: Readonly<Record<string, OperationClass>> = {
  ENABLED: 'key-enable',
  '1': 'key-enable',
  DISABLED: 'key-disable',
  '2': 'key-disable',
}

export function operationClassOf(operation: string, request: JsonObject | undefined): OperationClass {
  if (operation === 'UpdateCryptoKeyVersion') return classOfVersionUpdate(request)
  if (Object.hasOwn(CLASSES, operation)) return CLASSES[operation] as OperationClass
  return READS.test(operation) ? 'read' : 'other'
}

/** Enabling and disabling are one method, told apart by what it is to change. */
function classOfVersionUpdate(request: JsonObject | undefined): OperationClass {
  const paths = listAt(request, 'updateMask', 'paths').map(String)
  const mask = textAt(request, 'updateMask')?.split(',') ?? paths
  if (mask.length > 0 && !mask.some((path) => path.trim() === 'state')) return 'key-update'
  const version = objectAt(request, 'cryptoKeyVersion')
  const state = textAt(version, 'state') ?? ''
  return Object.hasOwn(STATES, state) ? (STATES[state] as OperationClass) : 'key-update'
}
