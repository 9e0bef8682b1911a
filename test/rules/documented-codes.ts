/** What the page of a code says about it. */
export interface DocumentedCode {
  readonly code: string
  /** Such as `KmsUnavailableError, retryable`. */
  readonly kind: string
  readonly remedy: string
}

/** The sections of a page whose headings are codes. */
export function documentedCodes(page: string): DocumentedCode[] {
  return page
    .split(/^#{2,3} /m)
    .slice(1)
    .flatMap((section) => {
      const heading = section.slice(0, section.indexOf('\n'))
      if (!/^[A-Z][A-Z0-9_]+$/.test(heading)) return []
      const [, error = '', retryable = ''] = /^`(\w+)`(, (?:not )?retryable)\.$/m.exec(section) ?? []
      const remedy = /\*\*Do:\*\* (.*)/.exec(section)?.[1] ?? ''
      return [{ code: heading, kind: error + retryable, remedy }]
    })
}

/** Where the page and the code differ. `expected`: each code, and the class and `retryable` of its error. */
export function codeProblems(path: string, page: string, expected: ReadonlyMap<string, string>): string[] {
  const documented = documentedCodes(page)
  const missing = [...expected.keys()].filter((code) => !documented.some((section) => section.code === code))
  return [
    ...missing.map((code) => `${path} has no section "### ${code}": say what it means and what to do`),
    ...documented.flatMap(({ code, kind, remedy }) => {
      const is = expected.get(code)
      if (is === undefined) return [`${path} explains ${code}, which no longer exists`]
      return [
        ...(kind === is ? [] : [`${path}: ${code} is said to be "${kind}" and is "${is}"`]),
        ...(remedy === '' ? [`${path}: ${code} does not say what to do ("**Do:** …")`] : []),
      ]
    }),
  ]
}
