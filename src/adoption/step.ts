/** What came of one step of an adoption. */
export interface AdoptionStep {
  /** What was done; empty where it had been done before. */
  readonly done: readonly string[]
  /** Why nothing was done; the step may be taken again. */
  readonly objections: readonly string[]
}

export const objected = (objections: readonly string[]): AdoptionStep => ({ done: [], objections })
