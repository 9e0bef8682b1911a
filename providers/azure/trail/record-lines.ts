import type { TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { objectAt, parseJson } from '../../../src/kms/untrusted-json.js'
import { recordsIn } from './records.js'

const NEWLINE = 0x0a

/** What of `bytes` is whole lines. What follows is none yet, unless it is a whole object: that cannot go on. */
export function wholeLinesIn(bytes: Uint8Array, isEnd: boolean): Uint8Array {
  const end = bytes.lastIndexOf(NEWLINE) + 1
  const rest = bytes.subarray(end)
  return isEnd && objectAt(parseJson(textOf(rest))) ? bytes : bytes.subarray(0, end)
}

/** The records of lines, each as it stands there. `offset`: of the first line in its file. */
export function recordsOf(lines: Uint8Array, name: string, offset: number): TrailRecord[] {
  const records: TrailRecord[] = []
  let at = offset
  for (const line of textOf(lines).split('\n')) {
    const reference = `${name}@${at}`
    at += Buffer.byteLength(line) + 1
    const raw = line.trim()
    if (raw === '') continue
    const several = recordsIn(raw) ?? []
    // What Event Hub delivers can be stored as it is: many records in one line.
    const raws = several.length > 1 ? several.map((record) => JSON.stringify(record)) : [raw]
    records.push(...raws.map((each) => ({ raw: each, reference })))
  }
  return records
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
