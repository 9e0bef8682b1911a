import type { SourceFile } from './files.js'

const MOST_LINES = 300
const MEDIAN_LINES = 90

/** Files that nobody can hold in the head. */
export function fileSizeProblems(files: readonly SourceFile[]): string[] {
  const sizes = files.map(({ path, text }) => ({ path, lines: linesOf(text) })).sort((a, b) => a.lines - b.lines)
  const median = sizes[Math.floor(sizes.length / 2)]?.lines ?? 0
  return [
    ...sizes
      .filter(({ lines }) => lines > MOST_LINES)
      .map(({ path, lines }) => `${path} has ${lines} lines, at most ${MOST_LINES}: give each of its ideas a file`),
    ...(median > MEDIAN_LINES
      ? [`the median file has ${median} lines, at most ${MEDIAN_LINES}: split the largest`]
      : []),
  ]
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}
