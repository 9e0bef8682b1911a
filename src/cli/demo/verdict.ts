/** Something that the demo said and then looked up. */
export interface Claim {
  readonly claim: string
  readonly held: boolean
}

export interface Verdict {
  readonly held: boolean
  /** What did not hold, in the words of the claims. */
  readonly broken: readonly string[]
  readonly exitCode: 0 | 1
}

/** One claim that did not hold is enough, and so is a demo that claimed nothing. */
export function verdictOf(claims: readonly Claim[]): Verdict {
  const broken =
    claims.length === 0 ? ['nothing was looked at'] : claims.filter(({ held }) => !held).map(({ claim }) => claim)
  const held = broken.length === 0
  return { held, broken, exitCode: held ? 0 : 1 }
}
