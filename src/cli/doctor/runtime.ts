import { type Finding, finding } from './finding.js'

/** The end of each release line, from https://github.com/nodejs/release. The only place that knows these dates. */
const END_OF_LIFE: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
}

/** Whether this Node still gets security fixes. A line that is not in the table is newer than the table. */
export function checkRuntime(version: string, now: Date): Finding[] {
  const end = END_OF_LIFE[Number.parseInt(version, 10)]
  const today = now.toISOString().slice(0, 10)
  if (end === undefined || today <= end) return []
  const supported = Object.entries(END_OF_LIFE).filter(([line, date]) => Number(line) % 2 === 0 && date >= today)
  const lines = supported.map(([line]) => line).join(' or ')
  return [
    finding(
      'NODE_END_OF_LIFE',
      `Node ${version} gets no security fixes since ${end}`,
      `run it on Node ${lines || 'of a later release line'}`,
    ),
  ]
}
