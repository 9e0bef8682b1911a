import { posix } from 'node:path'
import type { SourceFile } from './files.js'

/** Relative links of a page that lead nowhere, or to a heading that is not there. */
export function linkProblems(page: SourceFile, read: (path: string) => string | undefined): string[] {
  const text = withoutCode(page.text)
  return [...text.matchAll(/\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]*))?(?:\s+"[^"]*")?\)/g)].flatMap(
    ([, file = '', anchor]) => {
      const path = file === '' ? page.path : posix.join(posix.dirname(page.path), file)
      const target = file === '' ? page.text : read(path)
      if (target === undefined) return [`${page.path} links to ${path}, which does not exist`]
      if (anchor === undefined || anchorsOf(target).includes(anchor)) return []
      return [`${page.path} links to ${path}#${anchor}, which has no such heading`]
    },
  )
}

/** As the usual hosts make them from headings. */
function anchorsOf(page: string): string[] {
  return [...withoutCode(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => {
    return heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
  })
}

const withoutCode = (text: string) => text.replace(/^```.*?^```/gms, '')
