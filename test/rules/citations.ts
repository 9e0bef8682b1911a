import { existsSync, readFileSync } from 'node:fs'

/** `file` "title", as pages name a test. */
const CITATION = /`(test\/[\w/.-]+\.test\.ts)` "([^"]+)"/g

export interface Citation {
  readonly file: string
  readonly title: string
}

export function citationsIn(text: string): Citation[] {
  return [...text.matchAll(CITATION)].map(([, file, title]) => ({ file: file as string, title: title as string }))
}

export function citationProblems(page: string, citations: readonly Citation[]): string[] {
  return citations.flatMap(({ file, title }) => {
    if (!existsSync(file)) return [`${page} names ${file}, which does not exist`]
    if (isTestOf(readFileSync(file, 'utf8'), title)) return []
    return [`${page} names "${title}", which is no test of ${file}: mend the page or bring the test back`]
  })
}

/** Titles stand in quotes of any kind, where quotes of that kind are escaped, or at the end of a template. */
function isTestOf(source: string, title: string): boolean {
  return source.includes(title) || source.includes(title.replaceAll("'", "\\'"))
}
