import type { SourceFile } from './files.js'

// Written so that this file does not match itself.
const PLACES: readonly [pattern: RegExp, what: string][] = [
  [/(?<![\w.])\/(?:home|Users)\/(?!node\b|user\b|you\b)[\w.-]+\//, "somebody's home"],
  [/(?<![\w./}*-])\/(?:root|work|tmp|private\/var|var\/folders)\/[\w.-]+/, 'a folder of one machine'],
  [/\b[A-Z]:\\{1,2}Users\\{1,2}\w/, "somebody's home"],
  [/\bregistry\.(?:npmjs|yarnpkg|npmmirror)\b|\bnpm\.pkg\.github\b/, "a registry's host"],
  [/"resolved": "https?:/, 'where a package was downloaded from'],
]

/** What holds on one machine only: paths of a developer's, and hosts that packages happened to come from. */
export function portabilityProblems({ path, text }: SourceFile): string[] {
  return PLACES.flatMap(([pattern, what]) => {
    const found = pattern.exec(text)
    return found ? [`${path} names ${what} (${found[0]}): nobody else has it; use a relative path or leave it out`] : []
  })
}
