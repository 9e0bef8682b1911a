import { describeKek, type KekRef } from '../kms/provider.js'

/**
 * The KEKs that a process says it wraps with.
 *
 * **The invariant.** Let the heartbeats of a process be stored one after the other, each naming a set S of KEK refs. After one
 * that names S was stored, the process stores no wrap under a ref outside S before a later heartbeat that names it was stored;
 * excepted is what left the cipher more than the hold before that heartbeat (it should have been stored or given up since), and
 * what waits in a transaction that was open then, which whoever asks sees in the database.
 *
 * It holds whatever a provider believes to be current, and whatever the context decides about the KEK, because wraps do not
 * leave the cipher before `covers` is true of them. A ref leaves S when it was not used for the hold and is not expected
 * next, and it stops to be covered before the heartbeat without it is sent, not after. The hold is counted in heartbeats and
 * not by a clock that somebody may set; that of the server dates the heartbeats.
 */
export class PublishedKeks {
  readonly #holdBeats: number
  /** By their description: how many more heartbeats name what was used. */
  readonly #used = new Map<string, { readonly kek: KekRef; beats: number }>()
  #expected = new Map<string, KekRef>()
  /** Named by the last heartbeat that was stored and by all that were sent since. */
  #covered = new Set<string>()

  constructor(holdBeats: number) {
    this.#holdBeats = holdBeats
  }

  /** What is about to leave the cipher. */
  use(keks: readonly KekRef[]): void {
    // One more: the next heartbeat may follow at once.
    for (const kek of keks) this.#used.set(describeKek(kek), { kek, beats: this.#holdBeats + 1 })
  }

  /** What the next wraps are expected under, so that who wraps nothing for a while says so too. */
  expect(keks: readonly KekRef[]): void {
    this.#expected = byDescription(keks)
  }

  /** A heartbeat interval is over. */
  beat(): void {
    for (const [name, used] of this.#used) {
      used.beats -= 1
      if (used.beats === 0) this.#used.delete(name)
    }
  }

  covers(keks: readonly KekRef[]): boolean {
    return keks.every((kek) => this.#covered.has(describeKek(kek)))
  }

  /** What the heartbeat names that is now sent. One at a time: `stored` has to be of the last. */
  send(): readonly KekRef[] {
    const names = new Map([...this.#expected, ...[...this.#used].map(([name, { kek }]) => [name, kek] as const)])
    this.#covered = new Set([...this.#covered].filter((name) => names.has(name)))
    return [...names.values()]
  }

  stored(sent: readonly KekRef[]): void {
    this.#covered = new Set(byDescription(sent).keys())
  }
}

function byDescription(keks: readonly KekRef[]): Map<string, KekRef> {
  return new Map(keks.map((kek) => [describeKek(kek), kek]))
}
