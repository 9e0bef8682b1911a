import type { Clock } from '../../kms/clock.js'
import type { EventLog } from '../../kms/event-log.js'
import { currentActor } from '../actor/actor.js'
import type { Described, Happening } from './application-event.js'
import type { BackgroundCommit } from './background-commit.js'

/** Keeps what the library tells of, with who asked at that moment, for the batches that are stored in the background. */
export class EventRecorder<Event> implements EventLog<Event> {
  readonly #commit: BackgroundCommit<Happening>
  readonly #clock: Clock
  readonly #describe: (event: Event) => Described

  constructor(commit: BackgroundCommit<Happening>, clock: Clock, describe: (event: Event) => Described) {
    this.#commit = commit
    this.#clock = clock
    this.#describe = describe
  }

  get full(): boolean {
    return this.#commit.full
  }

  record(event: Event): void {
    this.#commit.add({ at: this.#clock.now(), actor: currentActor(), describe: () => this.#describe(event) })
  }

  room(): Promise<void> {
    return this.#commit.room()
  }
}
