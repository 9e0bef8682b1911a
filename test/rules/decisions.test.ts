import { expect, test } from '@jest/globals'
import { filesBelow, readFiles, type SourceFile } from './files.js'

const NAME = /^docs\/adr\/(\d{4})-[a-z0-9-]+\.md$/

/** Decisions are numbered by their files, one after the other, and say the same number in their headings. */
function problems(decisions: readonly SourceFile[]): string[] {
  return decisions.flatMap(({ path, text }, index) => {
    const number = Number(NAME.exec(path)?.[1])
    if (number !== index + 1) return [`${path} should begin with ${index + 1}`]
    return text.startsWith(`# ${number}. `) ? [] : [`${path} should begin with the heading "# ${number}. "`]
  })
}

test('every decision has a number of its own', () => {
  const decisions = readFiles(filesBelow('docs/adr'))
  expect(decisions.length).toBeGreaterThan(10)
  expect(problems(decisions)).toEqual([])
})

test('a number that is taken, left out or not that of the heading is found', () => {
  const decision = (file: number, heading = file) => ({
    path: `docs/adr/000${file}-x.md`,
    text: `# ${heading}. Something\n`,
  })
  expect(problems([decision(1), decision(2)])).toEqual([])
  expect(problems([decision(1), decision(1)])).toHaveLength(1)
  expect(problems([decision(1), decision(3)])).toHaveLength(1)
  expect(problems([decision(1), decision(2, 3)])).toHaveLength(1)
})
