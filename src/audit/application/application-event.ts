import type { KekRef } from '../../kms/provider.js'
import type { Actor } from '../actor/actor.js'

/** `credential` and `access` are written by the library, the others by the application. */
export const eventCategories = [
  ...(['credential', 'access', 'tool', 'authentication', 'authorisation', 'configuration', 'key', 'audit'] as const),
] as const
export type EventCategory = (typeof eventCategories)[number]

export type DetailValue = string | number | boolean

/** What the application did, as it is stored. */
export interface ApplicationEvent {
  readonly id: string
  readonly occurredAt: Date
  readonly category: EventCategory
  readonly action: string
  readonly outcome: 'success' | 'denied' | 'error'
  /** A code, where it did not succeed. */
  readonly reason?: string
  readonly actor?: Actor
  readonly entity?: string
  readonly row?: string
  readonly envelope?: string
  readonly kek?: KekRef
  readonly detail: Readonly<Record<string, DetailValue>>
}

/** What is known of an event when it happens. What becomes of it is worked out later, away from the path of the caller. */
export interface Happening {
  readonly at: number
  readonly actor: Actor | undefined
  describe(): Described
}

export type Described = Omit<ApplicationEvent, 'id' | 'occurredAt' | 'actor'>
