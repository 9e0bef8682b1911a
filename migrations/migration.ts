/** A step of our own schema in the user's database, as SQL that is frozen once it was released. */
export interface Migration {
  /** Number and topic, such as `0001-runs`. */
  readonly name: string
  /** Idempotent each, so that a run that was cut off may be repeated. Qualified names only. */
  readonly statements: readonly string[]
}
