import { describeKek, type KekRef } from '../../kms/provider.js'
import type { RotationPlan } from '../../rotation/index.js'
import type { Estimate } from './estimate.js'

export function planLines(plan: RotationPlan & { readonly estimates: readonly Estimate[] }): string[] {
  const { table, rows, sets, estimates, triggers } = plan
  return [
    `${table}: ${count(rows)} to be looked at, and rewrapped where they are stale`,
    ...sets.map(({ keks, current, rows }) => `  ${count(rows)} under ${list(keks)} → ${list(current)}`),
    ...estimates.map(({ provider, calls, cost, seconds }) => {
      const facts = [
        `${count(calls)} calls`,
        cost !== undefined && `about $${cost.toFixed(2)}`,
        seconds !== undefined && `${duration(seconds)} at the whole quota`,
      ]
      return `  ${provider}: ${facts.filter(Boolean).join(', ')}`
    }),
    ...triggers.map(({ name, definition, enabled }) => {
      return `  ${enabled ? 'your trigger' : 'your trigger, disabled,'} ${name} fires for each row: ${definition}`
    }),
    '  Nothing was changed.',
  ]
}

const count = (number: number) => number.toLocaleString('en')

function list(keks: readonly KekRef[]): string {
  return keks.length === 0 ? 'what cannot be read' : keks.map(describeKek).join(' + ')
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`
}
