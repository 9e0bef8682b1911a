/** A value as its column holds it: bytes of a `bytea`, else text. */
export type LegacyValue = string | Buffer

/** What a reader needs to see beside the value, by column and as Postgres prints it. */
export type LegacyRow = Readonly<Record<string, string | null>>

/**
 * One way in which a field was kept before its table was adopted. It never guesses: what a value is follows from its shape
 * or from another column, and whether it is that from its authentication.
 */
export interface Reader {
  /** For counts and messages. */
  readonly name: string
  /** Further columns of the row that it looks at, such as a flag. */
  readonly columns: readonly string[]
  /**
   * Whether `read` tells by cryptographic means what was not written in this way. A reader that cannot tell must be the
   * last of its column: after it nothing else would be tried.
   */
  readonly authenticates: boolean
  /** Whether the value may have been written in this way, by its shape or by another column. Opens nothing. */
  recognizes(stored: LegacyValue, row: LegacyRow): boolean
  /** The plaintext, text in UTF-8; undefined when it does not open. Asked only about what it recognizes. */
  read(stored: LegacyValue, row: LegacyRow): Buffer | undefined
}

/** A reader of one column, and until when it may be used: a format of the past is not read for ever. */
export interface DatedReader {
  readonly reader: Reader
  readonly until: Date
}
