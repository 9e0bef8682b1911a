import { randomUUID } from 'node:crypto'
import { isBase64url } from '../envelope/base64url.js'
import type { EnvelopeBinding } from '../envelope/binding.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { ENVELOPE_ID_BYTES } from '../envelope/format.js'
import type { AnnouncerHealth, WrapAnnouncer } from '../envelope/wrap-announcements.js'
import { KmsUnavailableError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import { settleBy } from '../kms/deadline.js'
import type { KekRef } from '../kms/provider.js'
import type { Queryable } from '../postgres/queryable.js'
import { ExpectedKeks } from './expected-keks.js'
import { type ConnectionOptions, FleetConnection, type FleetListener } from './fleet-connection.js'
import {
  DEAD_AFTER_MS,
  HEARTBEAT_MS,
  type ProcessDescription,
  readSession,
  removeDeadProcesses,
  removeProcess,
  type Session,
  storeHeartbeat,
} from './heartbeat.js'
import { PublishedKeks } from './published-keks.js'

export interface Membership {
  readonly cipher: Pick<EnvelopeCipher, 'announcements' | 'currentKeks' | 'forget' | 'forgetAll'>
  readonly connection: ConnectionOptions
  readonly required: boolean
  readonly label: string | undefined
  readonly modes: Readonly<Record<string, string>>
  readonly holdMs: number
  readonly clock: Clock
}

/** Who is not required to be in the fleet waits for it no longer than this. */
const PATIENCE_MS = 1_000
/** The providers are asked what is current at every so many heartbeats. */
const BEATS_PER_QUESTION = 6
/** A heartbeat of our own clock that is older may be one that others take for the last. */
const FRESH_MS = 10_000

/** One process in the table `waxseal.process`, from `joinFleet` to `leave`. */
export class FleetMember implements WrapAnnouncer, FleetListener {
  readonly #cipher: Membership['cipher']
  readonly #description: ProcessDescription
  readonly #clock: Clock
  readonly #connection: FleetConnection
  readonly #published: PublishedKeks
  readonly #expected: ExpectedKeks
  #session: Session | undefined
  #sending: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** When the last heartbeat that was stored had been sent. */
  #storedAt = Number.NEGATIVE_INFINITY
  #beats = 0
  #cancelBeat: (() => void) | undefined
  #leaving: Promise<void> | undefined
  #withdraw: (() => void) | undefined

  constructor({ cipher, connection, required, label, modes, holdMs, clock }: Membership) {
    this.#cipher = cipher
    this.#description = { id: randomUUID(), label, required, holdMs, modes }
    this.#clock = clock
    this.#connection = new FleetConnection(connection, this, clock)
    this.#published = new PublishedKeks(Math.ceil(holdMs / HEARTBEAT_MS))
    this.#expected = new ExpectedKeks(cipher)
  }

  get id(): string {
    return this.#description.id
  }

  /** @internal Rejects where the fleet is required and cannot be joined. */
  async join(): Promise<void> {
    // First: nothing may leave the cipher unseen once the process counts.
    this.#withdraw = this.#cipher.announcements.add(this)
    try {
      await this.#connection.open()
    } catch (error) {
      if (this.#description.required) {
        this.#withdraw?.()
        throw error
      }
      this.#connection.reopen()
    }
    this.#scheduleBeat()
    void this.#ask()
  }

  /** Takes the process out of the table. Nothing may be stored afterwards that the cipher gave out before. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    return this.#leaving
  }

  health(): AnnouncerHealth {
    const isKnown = this.#age() < DEAD_AFTER_MS
    return { status: isKnown ? 'ok' : 'failed', required: this.#description.required }
  }

  announce(keks: readonly KekRef[], binding: EnvelopeBinding): Promise<void> | undefined {
    this.#published.use(keks)
    this.#expected.use(keks, binding)
    const isCovered = this.#published.covers(keks)
    if (this.#description.required) return isCovered && this.#age() < FRESH_MS ? undefined : this.#insist(keks)
    const isHopeless = !this.#connection.isOpen || this.health().status === 'failed'
    return isCovered || isHopeless ? undefined : this.#try()
  }

  /** @internal A new session: what was said on the channel meanwhile was not heard. */
  async connected(client: Queryable): Promise<void> {
    this.#cipher.forgetAll()
    this.#session = await readSession(client)
    await this.#publish()
    removeDeadProcesses(client).catch(() => undefined)
  }

  /** @internal Anything but a list of envelope ids is taken for all of them. */
  forget(payload: string): void {
    const ids = payload.split(',')
    if (!ids.every((id) => isBase64url(id, ENVELOPE_ID_BYTES))) this.#cipher.forgetAll()
    else for (const id of ids) this.#cipher.forget(id)
  }

  /** Of the last heartbeat that was stored. A clock that was set back says nothing. */
  #age(): number {
    const age = this.#clock.now() - this.#storedAt
    return age < 0 ? Number.POSITIVE_INFINITY : age
  }

  async #insist(keks: readonly KekRef[]): Promise<void> {
    try {
      await this.#publish()
    } catch {
      throw new KmsUnavailableError(
        'the fleet is required, and this process cannot be written into waxseal.process; no new data key is given out meanwhile',
        { reason: 'network' },
      )
    }
    // The hold is counted from when they leave.
    this.#published.use(keks)
  }

  async #try(): Promise<void> {
    const deadline = this.#clock.now() + PATIENCE_MS
    await settleBy('the fleet', { deadline }, this.#clock, () => this.#publish()).catch(() => undefined)
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#clock.after(HEARTBEAT_MS, () => {
      this.#scheduleBeat()
      this.#published.beat()
      this.#beats += 1
      if (this.#beats % BEATS_PER_QUESTION === 0) void this.#ask()
      this.#publish().catch(() => undefined)
    })
  }

  async #ask(): Promise<void> {
    this.#published.expect(await this.#expected.ask())
    await this.#publish().catch(() => undefined)
  }

  /** Sends a heartbeat that was not begun before. Those who ask while one is under way share the next. */
  #publish(): Promise<void> {
    if (!this.#sending) {
      this.#sending = this.#send().finally(() => {
        this.#sending = undefined
      })
      return this.#sending
    }
    this.#next ??= this.#sending
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.#publish()
      })
    return this.#next
  }

  async #send(): Promise<void> {
    if (this.#leaving || !this.#session) throw new Error('the process is not in the fleet')
    const sentAt = this.#clock.now()
    const keks = this.#published.send()
    await storeHeartbeat(this.#connection, this.#description, this.#session, keks)
    this.#published.stored(keks)
    this.#storedAt = sentAt
  }

  async #leave(): Promise<void> {
    this.#cancelBeat?.()
    // Whoever awaits this would otherwise end in the middle of it, where nothing else is open.
    this.#connection.hold()
    await this.#sending?.catch(() => undefined)
    await removeProcess(this.#connection, this.#description).catch(() => undefined)
    await this.#connection.close()
    this.#withdraw?.()
  }
}
