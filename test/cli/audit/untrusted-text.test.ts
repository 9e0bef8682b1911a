import { expect, test } from '@jest/globals'
import { escaped } from '../../../src/audit/escaped.js'
import type { ReviewRecord } from '../../../src/audit/index.js'
import { recordLine } from '../../../src/cli/audit/record-lines.js'
import { jsonLines } from '../../../src/cli/terminal.js'

/** Moves the cursor, ends the line, answers the terminal, turns what follows around, and is a sequence in eight bits. */
const HOSTILE = [
  '\u001b[2J',
  '\r',
  '\n',
  '\u001b]52;c;x\u0007',
  '\u202e',
  '\u009b2J',
  '\u2028',
  '\u007f',
  '\u200f',
].join('|')
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200f\u2028\u202e]/

test('nothing of it reaches a terminal as it is', () => {
  expect(escaped(HOSTILE)).not.toMatch(CONTROL)
  expect(escaped('é 漢 \\u')).toBe('é 漢 \\u')
})

test('JSON means the same', () => {
  const lines = jsonLines({ [HOSTILE]: HOSTILE })
  expect(JSON.parse(lines.join('\n'))).toEqual({ [HOSTILE]: HOSTILE })
  expect(lines.join('')).not.toMatch(CONTROL)
})

test('a record has one line, whatever a caller of the KMS put into it', () => {
  const record = {
    ...{ kind: 'event', id: 'id', time: '2026-05-10T12:00:00.000001Z', outcome: 'success' },
    ...{ operation: HOSTILE, actor: HOSTILE, from: HOSTILE, tenant: HOSTILE, provider: HOSTILE, scope: HOSTILE },
    ...{ kekId: HOSTILE, kekVersion: HOSTILE, entity: HOSTILE, row: HOSTILE, purpose: HOSTILE, reason: HOSTILE },
    ...{ state: HOSTILE, rule: HOSTILE, confidence: HOSTILE, requestIds: [HOSTILE] },
  } as unknown as ReviewRecord
  expect(recordLine(record)).not.toMatch(CONTROL)
})
