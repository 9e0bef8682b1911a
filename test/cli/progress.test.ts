import { expect, test } from '@jest/globals'
import { Progress } from '../../src/cli/progress.js'

/** A terminal that keeps what is written to it. */
function terminal() {
  const written: string[] = []
  const stream = { write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream
  return { written, stream }
}

test('a terminal has one line that is redrawn, and is left when it ends', () => {
  const { written, stream } = terminal()
  const progress = new Progress({ terminal: stream, line: () => written.push('a line') }, 2_000)
  progress.advance(500)
  progress.advance(1_500)
  progress.end()
  expect(written).toEqual([
    `\r   ${'█'.repeat(10)}${'░'.repeat(30)}    500 of 2,000`,
    `\r   ${'█'.repeat(40)}  2,000 of 2,000`,
    '\n',
  ])
})

test('elsewhere each quarter is a line, and what goes beyond an estimate is none', () => {
  const lines: string[] = []
  const progress = new Progress({ terminal: undefined, line: (text) => lines.push(text) }, 8)
  for (let n = 0; n < 20; n++) progress.advance(1)
  progress.end()
  expect(lines.map((line) => line.replace(/^\S+\s+/, ''))).toEqual(['2 of 8', '4 of 8', '6 of 8', '8 of 8'])
})

test('without a total only what is done is shown, on a terminal', () => {
  const { written, stream } = terminal()
  new Progress({ terminal: stream, line: () => undefined }, undefined).advance(1_500, 'rows')
  new Progress({ terminal: undefined, line: (text) => written.push(text) }, undefined).advance(1_500, 'rows')
  expect(written).toEqual(['\r   1,500  rows'])
})

test('an estimate of nothing is no reason to divide by it', () => {
  const { written, stream } = terminal()
  new Progress({ terminal: stream, line: () => undefined }, 0).advance(1)
  expect(written).toEqual([`\r   ${'█'.repeat(40)}  1 of 1`])
})

test('a line is no wider than the terminal, and leaves nothing of a longer one', () => {
  const { written, stream } = terminal()
  const progress = new Progress({ terminal: Object.assign(stream, { columns: 70 }), line: () => undefined }, 2)
  progress.advance(1, 'days of a trail with a long name')
  progress.advance(1, 'rows')
  expect(written).toEqual([
    `\r   ${'█'.repeat(20)}${'░'.repeat(20)}  1 of 2  days of a trail`.padEnd(70).slice(0, 70),
    `\r   ${'█'.repeat(40)}  2 of 2  rows`.padEnd(70),
  ])
})

test('one that ends with an error leaves its line, for the error', () => {
  const { written, stream } = terminal()
  expect(() => {
    using progress = new Progress({ terminal: stream, line: () => undefined }, 2)
    progress.advance(1)
    throw new Error('an error')
  }).toThrow('an error')
  expect(written.at(-1)).toBe('\n')
})
