import type { ChainLink, Digest } from './digest.js'

/** How a digest stands to the one that was read before it. */
export type Following =
  /** It names that one, with its hash and signature. */
  | 'follows'
  /** Nothing was read before, or what was read was no good. */
  | 'first'
  /** It names none: logging or validation was off before it. */
  | 'restart'
  /** It names another one. */
  | 'other'
  /** It names that one, and what was read is not what it names. */
  | 'altered'

export function followingOf({ previous }: Pick<Digest, 'previous'>, last: ChainLink | undefined): Following {
  if (last === undefined) return 'first'
  if (previous === undefined) return 'restart'
  if (previous.name !== last.name) return 'other'
  return previous.hash === last.hash && previous.signature === last.signature ? 'follows' : 'altered'
}

const PROBLEMS: Partial<Readonly<Record<Following, string>>> = {
  restart: 'the chain of digests begins anew here: logging or validation was switched off before',
  other: 'the digest before is missing',
  altered: 'the digest is not the one that the next was made after',
}

/** What is wrong, and with which object. */
export function chainProblem(
  following: Following,
  { name, previous }: Digest,
): { what: string; object: string } | undefined {
  const what = PROBLEMS[following]
  return what === undefined ? undefined : { what, object: previous?.name ?? name }
}
