/** What became of one attempt. */
export interface Observation {
  readonly name: string
  /** Error codes that count as stopped. */
  readonly expected: readonly string[]
  /** The guard's code or the error's; undefined when nothing stopped it. */
  readonly stoppedBy: string | undefined
  /** The columns in which the canary is. */
  readonly found: readonly string[]
  /** Whether the server's log has it; undefined where the log is not ours to read. */
  readonly logged: boolean | undefined
  /** The same attempt on the twin: what stopped it, and where its canary is. */
  readonly twin: { readonly stoppedBy: string | undefined; readonly found: readonly string[] }
}

/** A right that the role lacks, on either table. */
const INSUFFICIENT_PRIVILEGE = '42501'

/**
 * Held: stopped by what had to stop it, the canary nowhere, and the same attempt did store its canary where nothing
 * stands in its way. What the library stops has not reached the server either.
 */
export function held({ expected, stoppedBy, found, logged, twin }: Observation): boolean {
  if (stoppedBy === undefined || !expected.includes(stoppedBy) || found.length > 0) return false
  if (stoppedBy === INSUFFICIENT_PRIVILEGE) return twin.stoppedBy === INSUFFICIENT_PRIVILEGE
  const isByLibrary = stoppedBy.startsWith('ERR_')
  return twin.stoppedBy === undefined && twin.found.length > 0 && !(isByLibrary && logged === true)
}

/** The guard's own code where it spoke: TypeORM and the library wrap it. */
export function codeOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown }
    if (typeof code === 'string' && /^WX\d{3}$/.test(code)) return code
  }
  const { code, name } = (error ?? {}) as { code?: unknown; name?: string }
  return typeof code === 'string' ? code : (name ?? typeof error)
}
