import { paint } from '../terminal.js'
import type { Finding, Level, Section } from './finding.js'

const MARKS: Record<Level, { readonly mark: string; readonly style: 'red' | 'yellow' | 'cyan' }> = {
  error: { mark: '✗', style: 'red' },
  warning: { mark: '!', style: 'yellow' },
  note: { mark: '·', style: 'cyan' },
}

/** The report for a person: grouped, worst first in each group, the remedy below what it mends. */
export function reportLines(sections: readonly Section[]): string[] {
  return [
    ...sections.flatMap((section) => [...sectionLines(section), '']),
    totals(sections.flatMap((each) => each.findings)),
  ]
}

const ORDER: readonly Level[] = ['error', 'warning', 'note']

function sectionLines({ name, summary, findings }: Section): string[] {
  const worstFirst = [...findings].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level))
  const isFine = findings.every(({ level }) => level === 'note')
  const mark = isFine ? ` ${paint('green', '✓')}` : ''
  return [
    `${paint('bold', name)}${summary ? paint('dim', `  ${summary}`) : ''}${mark}`,
    ...worstFirst.flatMap(findingLines),
  ]
}

function findingLines({ code, level, message, remedy }: Finding): string[] {
  const { mark, style } = MARKS[level]
  const advice = level === 'note' && remedy === 'nothing to do' ? [] : wrap(`→ ${remedy}`)
  return [`  ${paint(style, `${mark} ${code}`)}`, ...wrap(message), ...advice.map((line) => paint('dim', line))]
}

const INDENT = 4
const WIDEST = 100

/** Lines of whole words for a terminal; one line for a script, which may search it. */
function wrap(text: string): string[] {
  const width = process.stdout.isTTY ? Math.min(process.stdout.columns, WIDEST) - INDENT : Number.POSITIVE_INFINITY
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => `${' '.repeat(INDENT)}${line}`)
}

function totals(findings: readonly Finding[]): string {
  const counts = ORDER.map((level) => {
    const count = findings.filter((each) => each.level === level).length
    return { level, count, text: `${count} ${level}${count === 1 ? '' : 's'}` }
  })
  const text = counts.map(({ text: part }) => part).join(', ')
  return counts[0]!.count > 0 ? paint('red', text) : paint('green', text)
}
