import { rowOf } from '../envelope/binding.js'
import type { CredentialAction, CredentialEvent } from '../envelope/credential-log.js'
import type { WaitOptions } from '../kms/deadline.js'
import { type EventEnd, failureOf, recordIn, SUCCESS } from '../kms/event-log.js'
import { spellBound } from '../postgres/bound-value.js'
import type { EncryptionSetup, Operation } from './operation.js'
import { boundTypeOf, type ProtectedEntity } from './protected-entity.js'
import { metadataOf } from './stored-envelope.js'

/** Which row an event is about. */
export type Credential = Pick<CredentialEvent, 'entity' | 'row' | 'envelope'>

/** The row of an entity; what it was not loaded with comes from `stored`. Never throws: there are events of broken rows. */
export function credentialOf(
  { entity: name, metadata }: ProtectedEntity,
  entity?: object,
  stored?: object,
): Credential {
  const values = metadata.entityMetadata.primaryColumns.map((column) => {
    const value = (entity && column.getEntityValue(entity)) ?? (stored && column.getEntityValue(stored))
    return value === undefined || value === null ? undefined : spelt(boundTypeOf(column), value)
  })
  const isKnown = values.every((value) => value !== undefined)
  const envelope = envelopeOf(metadata, entity) ?? envelopeOf(metadata, stored)
  return { entity: name, ...(isKnown && { row: rowOf(values as string[]) }), ...(envelope && { envelope }) }
}

/** Resolves when it is written down, and rejects when it could not be by the deadline. */
export async function tell(
  { credentialLog, clock }: EncryptionSetup,
  action: CredentialAction,
  credential: Credential,
  end: EventEnd,
  wait: WaitOptions,
): Promise<void> {
  if (credentialLog) await recordIn(credentialLog, { action, ...credential, end }, wait, clock)
}

/** That a row was read, before its plaintext is given out: once for each operation, however many of its fields are. */
export async function tellRead(
  setup: EncryptionSetup,
  row: object,
  credential: Credential,
  operation: Operation,
): Promise<void> {
  if (setup.credentialLog && operation.isFirstOf(row)) await tell(setup, 'read', credential, SUCCESS, operation.options)
}

/** As `tellRead`, in this turn. False where it has to be waited for. */
export function tellReadAtOnce(
  { credentialLog }: EncryptionSetup,
  row: object,
  credential: Credential,
  operation: Operation,
): boolean {
  if (!credentialLog) return true
  if (credentialLog.full) return false
  if (operation.isFirstOf(row)) credentialLog.record({ action: 'read', ...credential, end: SUCCESS })
  return true
}

/** Tells a failure, and rejects with it: it is what the caller has to act on. */
export async function tellFailure(
  setup: EncryptionSetup,
  action: CredentialAction,
  credential: Credential,
  error: unknown,
  wait: WaitOptions,
): Promise<never> {
  await tell(setup, action, credential, failureOf(error), wait).catch(() => undefined)
  throw error
}

function spelt(type: ReturnType<typeof boundTypeOf>, value: unknown): string {
  try {
    return type ? spellBound(type, value, '') : String(value)
  } catch {
    return String(value)
  }
}

function envelopeOf(column: ProtectedEntity['metadata'], entity: object | undefined): string | undefined {
  try {
    const metadata = metadataOf(entity && column.getEntityValue(entity))
    return metadata.state === 'empty' ? undefined : metadata.id
  } catch {
    return undefined
  }
}
