/**
 * Whether a pattern of a policy, with `*` and `?`, fits the whole text. In linear time but for the last `*`: a regular
 * expression would take its time over patterns that somebody made for it.
 */
export function fits(pattern: string, text: string): boolean {
  let [at, from] = [0, 0]
  let star: { readonly at: number; from: number } | undefined
  while (from < text.length) {
    if (pattern[at] === '*') {
      star = { at, from }
      at++
    } else if (pattern[at] === '?' || (at < pattern.length && pattern[at] === text[from])) {
      at++
      from++
    } else if (star) {
      star.from++
      from = star.from
      at = star.at + 1
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
}

/** Actions are compared without case. */
export function fitsAction(pattern: string, action: string): boolean {
  return fits(pattern.toLowerCase(), action.toLowerCase())
}
