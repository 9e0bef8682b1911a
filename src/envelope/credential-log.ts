import type { EventEnd, EventLog } from '../kms/event-log.js'

export type CredentialAction = 'create' | 'read' | 'update' | 'delete' | 'soft-delete' | 'recover'

/** What became of one row of an entity with encrypted fields. */
export interface CredentialEvent {
  readonly action: CredentialAction
  readonly entity: string
  /** The primary key. Absent where rows were changed by criteria: which ones, nobody was told. */
  readonly row?: string
  readonly envelope?: string
  readonly end: EventEnd
}

/** Told of what is done to rows, by whoever loads and stores them. */
export type CredentialLog = EventLog<CredentialEvent>
